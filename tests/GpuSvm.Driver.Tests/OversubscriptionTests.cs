using GpuSvm.Driver.Tests.Infrastructure;

namespace GpuSvm.Driver.Tests;

/// <summary>More pages than the GPU's memory holds: others leave for those that come, and what the GPU uses stays.</summary>
public sealed class OversubscriptionTests
{
    private const int Block = 16;

    [Fact]
    public void What_was_not_used_for_longest_leaves_and_the_GPU_goes_on_with_its_pages_at_home()
    {
        using VideoFixture d = Full(counters: null);
        Assert.Equal(new BindResult(Block, Block, Errno.None), d.Bind(4 * Block, Block));
        Assert.Equal(Where('S', 'V', 'V', 'V', 'V'), d.Where(0, 5 * Block));
        d.Add(0, 5 * Block, atomically: false).ThrowIfFailed();
        Assert.Equal(Enumerable.Range(0, 5 * Block).Select(page => d.Read(page)).Select(value => value % 100), Enumerable.Range(1, 5 * Block).Select(page => page % 100L));
        Assert.Equal((1, 4L * Block), (d.Memory.Counters.Evictions, d.Memory.Counters.PeakPages));
    }

    [Fact]
    public void What_the_access_counters_tell_of_stays()
    {
        using VideoFixture d = Full(new AccessCounterOptions { Granularity = ByteSize.KiB(64), Threshold = Block });
        d.Add(0, Block, atomically: false).ThrowIfFailed();
        Assert.Equal(Block, d.Bind(4 * Block, Block).Pages);
        Assert.Equal(Where('V', 'S', 'V', 'V', 'V'), d.Where(0, 5 * Block));
        Assert.Equal((d.Gpu.AccessCounters!.Put, 0L), (d.Gpu.AccessCounters!.Get, d.Gpu.AccessCounters!.Dropped));
    }

    [Fact]
    public void A_fault_that_finds_its_page_in_the_GPUs_memory_is_a_use()
    {
        using var d = new VideoFixture(pageLimit: 4 * Block);
        d.Map(0, 5 * Block);
        for (int block = 0; block < 4; block++)
        {
            // Moved, and not mapped: so the GPU faults.
            Assert.Equal(Block, d.Memory.MigrateToDevice(d.Mm, VideoFixture.Pages(block * Block, Block)).Pages);
        }

        d.Add(0, Block, atomically: false).ThrowIfFailed();
        Assert.Equal(Block, d.Driver.Counters.PagesMapped);
        Assert.Equal(Block, d.Bind(4 * Block, Block).Pages);
        Assert.Equal(Where('V', 'S', 'V', 'V', 'V'), d.Where(0, 5 * Block));
    }

    [Fact]
    public void A_full_ring_of_notifications_is_read_before_it_overflows()
    {
        using VideoFixture d = Full(new AccessCounterOptions { Granularity = ByteSize.KiB(64), Threshold = 1, Entries = 8 });
        d.Add(0, 4 * Block, atomically: false).ThrowIfFailed();
        Assert.Equal(0, d.Gpu.AccessCounters!.Dropped);
    }

    /// <summary>A GPU that holds the first four blocks of five in its memory.</summary>
    private static VideoFixture Full(AccessCounterOptions? counters)
    {
        var d = new VideoFixture(pageLimit: 4 * Block, counters: counters);
        d.Map(0, 5 * Block);
        for (int block = 0; block < 4; block++)
        {
            Assert.Equal(new BindResult(Block, Block, Errno.None), d.Bind(block * Block, Block));
        }

        return d;
    }

    private static string Where(params char[] blocks) => string.Concat(blocks.Select(letter => new string(letter, Block)));
}
