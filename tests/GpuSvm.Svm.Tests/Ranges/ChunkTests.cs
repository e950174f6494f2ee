namespace GpuSvm.Svm.Tests.Ranges;

/// <summary>How large a range becomes.</summary>
public sealed class ChunkTests
{
    private const int Small = 16;
    private const int Large = 512;

    [Theory]
    [InlineData(0, 512, 100, 0, 512)]
    [InlineData(0, 511, 100, 96, 16)]
    [InlineData(1, 511, 100, 96, 16)]
    [InlineData(96, 16, 100, 96, 16)]
    [InlineData(97, 16, 100, 100, 1)]
    [InlineData(100, 1, 100, 100, 1)]
    public void It_is_the_largest_aligned_chunk_that_fits_the_mapping(int firstMapped, int mapped, int page, int first, int count)
    {
        using var m = new RangeMachine();
        m.Process.MapAt(firstMapped, mapped);

        Assert.Equal(RangeMachine.Pages(first, count), m.Range(page).Range);
    }

    [Theory]
    [InlineData(0, 512, 512)]
    [InlineData(0, 511, 16)]
    [InlineData(96, 16, 16)]
    [InlineData(100, 1, 1)]
    public void It_fits_the_window_of_the_device(int first, int count, int expected)
    {
        using var m = new RangeMachine();
        m.Process.Map(Large);

        Errno error = m.Space.FindOrInsert(RangeMachine.At(100), RangeMachine.Pages(first, count), default, out SvmRange? range);

        Assert.Equal(Errno.None, error);
        Assert.Equal((ulong)expected, range!.Range.PageCount);
    }

    [Fact]
    public void It_fits_the_window_of_the_space()
    {
        using var m = new RangeMachine(new SvmSpaceOptions { Window = RangeMachine.Pages(8, 600) });
        m.Process.Map(1024);

        Assert.Equal(RangeMachine.Pages(100, 1).Start, m.Range(100).Range.Start + (4 * Page.Size));
        Assert.Equal(1UL, m.Range(8).Range.PageCount);
    }

    [Theory]
    [InlineData(5, 1)]
    [InlineData(20, Small)]
    public void It_touches_no_other_range_and_nothing_is_made_in_vain(int page, int expected)
    {
        using var m = new RangeMachine();
        m.Process.Map(Large);
        Assert.Equal(Errno.None, m.Space.FindOrInsert(RangeMachine.At(4), RangeMachine.Pages(4, 1), default, out _));

        Assert.Equal((ulong)expected, m.Range(page).Range.PageCount);
        Assert.Equal(2, m.Driver.Allocations);
    }

    [Theory]
    [InlineData(0, 512)]
    [InlineData(4096, 512)]
    [InlineData(65535, 512)]
    [InlineData(65536, 512)]
    [InlineData(2097152, 16)]
    public void Up_to_a_threshold_the_CPU_has_every_page_if_that_is_wanted(int threshold, int expected)
    {
        using var m = new RangeMachine();
        m.Process.Map(Large);
        m.Process.Write(96, 16);

        SvmRange range = m.Range(100, new SvmContext { CheckPagesThreshold = (ulong)threshold });

        Assert.Equal((ulong)expected, range.Range.PageCount);
        Assert.Equal(16, m.Process.Frames.AllocatedFrames);
    }

    [Fact]
    public void One_page_that_the_CPU_lacks_is_enough_and_a_single_page_is_not_looked_at()
    {
        using var m = new RangeMachine();
        m.Process.Map(Large);
        m.Process.Write(96, 15);
        var context = new SvmContext { CheckPagesThreshold = 2UL << 20 };

        Assert.Equal(RangeMachine.Pages(111, 1), m.Range(111, context).Range);
        Assert.Equal(15, m.Process.Frames.AllocatedFrames);
    }

    [Fact]
    public void G08_Memory_that_was_touched_here_and_there_takes_the_largest_chunk_with_pages_in_both_places()
    {
        using var m = new RangeMachine();
        m.Process.Map(Large);
        m.Process.Write(96, 3);
        m.Process.Write(300, 1);
        m.Process.ToDevice(97, 1);

        SvmRange range = m.Bound(100);

        Assert.Equal((RangeMachine.Pages(0, Large), 511L, Large), (range.Range, m.Dma.MappedPages, range.ValidPages));
        Assert.Equal("SDS", m.Process.Where(96, 3));
        Assert.Equal(
            Enumerable.Range(0, Large).Select(i => i == 97 ? null : (FrameNumber?)m.Mm.PageTable.Read(RangeMachine.At(i)).Frame),
            m.Frames(range));
        Assert.Equal((97L, 98L, 301L, 0L), (m.Process.Read(96), m.Process.Read(97), m.Process.Read(300), m.Process.Read(5)));
    }

    [Fact]
    public void Pages_in_the_devices_own_memory_count_as_there()
    {
        using var m = new RangeMachine();
        m.Process.Map(Small);
        m.Process.Write(0, Small);
        m.Process.ToDevice(0, Small);

        Assert.Equal(RangeMachine.Pages(0, Small), m.Range(3, new SvmContext { CheckPagesThreshold = 65536 }).Range);
    }
}
