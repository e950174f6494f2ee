using GpuSvm.Driver.Tests.Infrastructure;

namespace GpuSvm.Driver.Tests.Hints;

/// <summary>Where pages are after the GPU has touched them, as they were advised.</summary>
public sealed class AdvisedPlacementTests
{
    public static TheoryData<string> Strategies => [.. MirrorStrategies.All.Select(strategy => strategy.Key)];

    [Theory]
    [MemberData(nameof(Strategies))]
    public void Pages_that_prefer_the_host_come_home_when_the_GPU_touches_them_and_stay(string strategy)
    {
        using VideoFixture d = Make(strategy);
        d.Map(0, 8);
        d.Bind(0, 8);
        Advise(d, 2, 4, MemoryAdvice.PreferHost);
        Assert.Equal(("VVVVVVVV", 4L), (d.Where(0, 8), d.Driver.MappedPages));
        d.Add(0, 8, atomically: false).ThrowIfFailed();

        // A range that was got for reading is got once more for writing.
        long faults = strategy == "sized-ranges" ? 8 : 4;
        Assert.Equal(("VVSSSSVV", 8L, faults), (d.Where(0, 8), d.Driver.MappedPages, d.Driver.Counters.Fetched));
        d.Add(0, 8, atomically: false).ThrowIfFailed();
        Assert.Equal(("VVSSSSVV", faults), (d.Where(0, 8), d.Driver.Counters.Fetched));
        Assert.Equal([201L, 202, 203, 204, 205, 206, 207, 208], Enumerable.Range(0, 8).Select(d.Read));
    }

    [Theory]
    [MemberData(nameof(Strategies))]
    public void Pages_that_prefer_the_device_move_there_with_the_first_touch_of_one_of_them(string strategy)
    {
        using VideoFixture d = Make(strategy);
        d.Map(0, 8, written: 6);
        Advise(d, 2, 5, MemoryAdvice.PreferDevice);
        Assert.Equal("SSSSSS--", d.Where(0, 8));
        d.Add(3, 1, atomically: false).ThrowIfFailed();
        Assert.Equal(("SSVVVVV-", 5L), (d.Where(0, 8), d.Memory.Counters.PagesToDevice));
        d.Add(0, 8, atomically: true).ThrowIfFailed();
        Assert.Equal(("XXVVVVVX", 5L), (d.Where(0, 8), d.Memory.Counters.PagesToDevice));
        Assert.Equal([101L, 102, 103, 204, 105, 106, 100, 100], Enumerable.Range(0, 8).Select(d.Read));

        // The CPU has brought them home; the GPU's next touch takes them again.
        d.Add(2, 1, atomically: false).ThrowIfFailed();
        Assert.Equal("SSVVVVVS", d.Where(0, 8));
        Assert.Equal(203, d.Read(2));
    }

    [Theory]
    [MemberData(nameof(Strategies))]
    public void Pages_that_are_mapped_remotely_stay_where_they_are(string strategy)
    {
        using VideoFixture d = Make(strategy);
        d.Map(0, 8);
        d.Bind(0, 4);
        Advise(d, 0, 8, MemoryAdvice.RemoteMap);
        d.Add(0, 8, atomically: false).ThrowIfFailed();
        Assert.Equal(("VVVVSSSS", 8L), (d.Where(0, 8), d.Driver.MappedPages));
        Assert.Equal((4L, 0L), (d.Memory.Counters.PagesToDevice, d.Memory.Counters.PagesHomeByFault));
    }

    [Fact]
    public void A_page_that_cannot_come_home_is_used_in_video_memory_and_no_fault_fails_by_it()
    {
        using VideoFixture d = Make("table-aligned");
        d.Map(0, 2);
        d.Bind(0, 2);
        Advise(d, 0, 2, MemoryAdvice.PreferHost);
        d.FailAllocations(1);
        d.Add(0, 2, atomically: false).ThrowIfFailed();
        d.FailAllocations(0);
        Assert.Equal(("VV", 2L, 0L), (d.Where(0, 2), d.Driver.Counters.Fetched, d.Driver.Counters.Cancels));
        Assert.Equal((101L, 102L), (d.Read(0), d.Read(1)));
    }

    [Fact]
    public void Others_leave_a_full_device_for_pages_that_prefer_it()
    {
        using var d = new VideoFixture(videoMemory: ByteSize.MiB(2));
        d.Map(1000, 4);
        Advise(d, 1000, 4, MemoryAdvice.PreferDevice);
        d.Map(0, 600, written: 0);
        long there = d.Bind(0, 600).Pages;
        Assert.Equal(there, d.Memory.UsedPages);
        d.Add(1000, 4, atomically: false).ThrowIfFailed();
        Assert.Equal(("VVVV", there, 0L), (d.Where(1000, 4), d.Memory.Counters.PagesEvicted, d.Driver.Counters.Cancels));
    }

    [Fact]
    public void A_move_that_fails_leaves_pages_that_prefer_the_device_in_system_memory_and_is_tried_at_each_fault_again()
    {
        using var d = new VideoFixture(copyTimeout: TimeSpan.Zero);
        d.Map(0, 4);
        Advise(d, 0, 4, MemoryAdvice.PreferDevice);
        d.Gpu.CopyEngine.Halt();
        d.Add(0, 4, atomically: false).ThrowIfFailed();
        d.Gpu.CopyEngine.Resume();
        Assert.Equal("SSSS", d.Where(0, 4));
        Assert.Equal((4L, 4L, 0L), (d.Driver.Counters.Fetched, d.Memory.Counters.FailedMoves, d.Driver.Counters.Cancels));
    }

    [Fact]
    public void Around_a_fault_pages_are_not_mapped_that_are_to_come_home()
    {
        using var d = new VideoFixture(new SvmDriverOptions { PagesPerFault = 16 }, readAround: 1);
        d.Map(0, 8);
        d.Bind(0, 8);
        Advise(d, 0, 4, MemoryAdvice.PreferHost);
        d.Client.Mirror.DropAll();
        d.Add(4, 1, atomically: false).ThrowIfFailed();
        Assert.Equal(("VVVVVVVV", 4L), (d.Where(0, 8), d.Driver.MappedPages));
        d.Add(0, 1, atomically: false).ThrowIfFailed();
        Assert.Equal(("SSSSVVVV", 8L), (d.Where(0, 8), d.Driver.MappedPages));
    }

    [Fact]
    public void A_huge_page_that_prefers_the_host_comes_home_whole_and_is_mapped_there_as_one()
    {
        using var d = new VideoFixture();
        Assert.Equal(Errno.None, d.Mm.Map(VideoFixture.At(0), HugePage.Size, Protection.ReadWrite, MapPlacement.FixedNoReplace, out _));
        Assert.Equal(Errno.None, d.Mm.Advise(VideoFixture.At(0), HugePage.Size, Advice.HugePage));
        d.Cpu.Thread(0).Store(VideoFixture.At(7), 1L);
        Assert.Equal(HugePage.PageCount, d.Bind(0, HugePage.PageCount).Pages);
        Advise(d, 0, HugePage.PageCount, MemoryAdvice.PreferHost);
        d.Add(7, 1, atomically: false).ThrowIfFailed();
        Assert.Equal((new string('S', HugePage.PageCount), (long)HugePage.PageCount), (d.Where(0, HugePage.PageCount), d.Driver.MappedPages));
        Assert.Equal((1L, 101L), (d.Driver.Counters.Fetched, d.Read(7)));
    }

    [Fact]
    public void A_huge_page_that_prefers_the_device_is_mapped_there_as_one()
    {
        using var d = new VideoFixture();
        Assert.Equal(Errno.None, d.Mm.Map(VideoFixture.At(0), HugePage.Size, Protection.ReadWrite, MapPlacement.FixedNoReplace, out _));
        Assert.Equal(Errno.None, d.Mm.Advise(VideoFixture.At(0), HugePage.Size, Advice.HugePage));
        Advise(d, 0, HugePage.PageCount, MemoryAdvice.PreferDevice);
        d.Cpu.Thread(0).Store(VideoFixture.At(7), 1L);
        d.Add(7, 1, atomically: false).ThrowIfFailed();
        Assert.Equal((new string('V', HugePage.PageCount), 1L), (d.Where(0, HugePage.PageCount), d.Driver.Counters.HugePagesMapped));
        Assert.Equal(101, d.Read(7));
    }

    private static VideoFixture Make(string strategy) =>
        new(new SvmDriverOptions { Strategy = MirrorStrategies.All.Single(other => other.Key == strategy).Value }, readAround: 1);

    private static void Advise(VideoFixture d, int first, int count, MemoryAdvice advice) =>
        Assert.Equal(Errno.None, d.Driver.TryAdvise(d.Client, VideoFixture.Pages(first, count), advice));
}
