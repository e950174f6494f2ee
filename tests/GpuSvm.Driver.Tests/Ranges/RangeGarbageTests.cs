using GpuSvm.Driver.Tests.Infrastructure;

namespace GpuSvm.Driver.Tests.Ranges;

/// <summary>What becomes of ranges and entries when the CPU changes the address space.</summary>
public sealed class RangeGarbageTests
{
    private static readonly SvmDriverOptions Options = new() { Strategy = MirrorStrategies.SizedRanges };

    [Fact]
    public void A_change_of_a_page_takes_its_entry_and_the_next_fault_brings_in_what_is_missing()
    {
        using DriverFixture d = Bound(Options, out VirtualAddress a);
        Assert.Equal(Errno.None, d.Mm.Discard(a + (7 * Page.Size), Page.Size));
        Assert.Equal((511L, 511L, 1), (d.Driver.MappedPages, d.Gpu.Dma.MappedPages, d.Client.RangeSpace!.RangeCount));

        d.Fault(a + (7 * Page.Size), FaultAccess.Write);
        d.Driver.ServiceFaults();
        Assert.Equal((512L, 512L, 2L), (d.Driver.MappedPages, d.Gpu.Dma.MappedPages, d.Driver.Counters.Ranges.Bound));
    }

    [Fact]
    public void One_drop_serves_all_ranges_of_a_notifier()
    {
        using var d = new DriverFixture(Options);
        VirtualAddress a = RangeFaultTests.Map(d, 0x4000_0000, 64);
        for (ulong i = 0; i < 4; i++)
        {
            d.Fault(a + (i * 16 * Page.Size), FaultAccess.Write);
        }

        d.Driver.ServiceFaults();
        Assert.Equal((4, 64L, 0L), (d.Client.RangeSpace!.RangeCount, d.Driver.MappedPages, d.Driver.Invalidations));
        Assert.Equal(Errno.None, d.Mm.Discard(a + Page.Size, 50 * Page.Size));
        Assert.Equal((4, 14L, 1L), (d.Client.RangeSpace.RangeCount, d.Driver.MappedPages, d.Driver.Invalidations));
        Assert.Equal((1L, 0L), (d.Client.MirrorStatistics.Callbacks, d.Client.MirrorStatistics.CallbacksInVain));
    }

    [Fact]
    public void An_unmapped_range_is_removed_before_the_next_fault_is_served_and_its_notifier_with_it()
    {
        using DriverFixture d = Bound(Options with { Ranges = new SvmRangeOptions { NotifierSize = ByteSize.MiB(2) } }, out VirtualAddress a);
        VirtualAddress b = RangeFaultTests.Map(d, 0x8000_0000, 1);
        Assert.Equal(Errno.None, d.Mm.Unmap(a, HugePage.Size));
        SvmSpace space = d.Client.RangeSpace!;
        Assert.Equal((1, 0L, 0L, 0L), (space.RangeCount, d.Driver.MappedPages, d.Gpu.Dma.MappedPages, d.Client.RangeCollections));

        d.Fault(b, FaultAccess.Write);
        d.Driver.ServiceFaults();
        Assert.Equal((1, 1, 1L, 1L), (space.RangeCount, space.NotifierCount, space.RangesRemoved, d.Client.RangeCollections));
    }

    [Fact]
    public void Of_a_range_that_is_unmapped_in_part_the_rest_stays_mapped_and_the_hole_is_filled_by_a_range_of_its_own()
    {
        using DriverFixture d = Bound(Options, out VirtualAddress a);
        Assert.Equal(Errno.None, d.Mm.Unmap(a + (256 * Page.Size), 16 * Page.Size));
        Assert.Equal((496L, 496L), (d.Driver.MappedPages, d.Gpu.Dma.MappedPages));
        RangeFaultTests.Map(d, a + (256 * Page.Size), 16, Protection.Read);

        d.Fault(a + (256 * Page.Size), FaultAccess.Read);
        d.Driver.ServiceFaults();
        Assert.Equal((512L, 512L, 2L), (d.Driver.MappedPages, d.Gpu.Dma.MappedPages, d.Driver.Counters.Ranges.Bound));

        // 31 ranges of 64 KiB have taken over what was left, and one was made.
        Assert.Equal((32, 1L, 1L), (d.Client.RangeSpace!.RangeCount, d.Client.RangeSpace.RangesRemoved, d.Client.RangeCollections));
        d.Fault(a + (511 * Page.Size), FaultAccess.Write);
        d.Driver.ServiceFaults();
        Assert.Equal((1L, 2L), (d.Driver.Counters.Covered, d.Driver.Counters.Ranges.Bound));
    }

    [Fact]
    public void The_original_way_drops_all_of_a_range_that_is_unmapped_in_part()
    {
        using DriverFixture d = Bound(Options with { Ranges = new SvmRangeOptions { PartialUnmap = PartialUnmap.DropRange } }, out VirtualAddress a);
        Assert.Equal(Errno.None, d.Mm.Unmap(a + (256 * Page.Size), 16 * Page.Size));
        Assert.Equal((0L, 0L), (d.Driver.MappedPages, d.Gpu.Dma.MappedPages));

        d.Fault(a, FaultAccess.Write);
        d.Driver.ServiceFaults();
        Assert.Equal((16L, 1, 1L), (d.Driver.MappedPages, d.Client.RangeSpace!.RangeCount, d.Client.RangeSpace.RangesRemoved));
    }

    /// <summary>Of what was mapped page by page a range knows nothing; yet nothing may stay where no range is left.</summary>
    [Fact]
    public void Entries_of_single_pages_go_with_the_range_in_which_they_lie()
    {
        using var d = new DriverFixture(Options);
        VirtualAddress a = d.MapBlocks(1);
        d.Fault(a + (300 * Page.Size), FaultAccess.Atomic);
        d.Driver.ServiceFaults();
        Assert.Equal((1L, 1), (d.Driver.MappedPages, d.Client.RangeSpace!.RangeCount));

        Assert.Equal(Errno.None, d.Mm.Unmap(a, Page.Size));
        Assert.Equal(1, d.Driver.MappedPages);
        VirtualAddress b = RangeFaultTests.Map(d, 0x8000_0000, 1);
        d.Fault(b, FaultAccess.Read);
        d.Driver.ServiceFaults();
        Assert.Equal((1L, TranslationRights.None), (d.Driver.MappedPages, d.Client.Mirror.RightsOf(a + (300 * Page.Size))));
    }

    [Fact]
    public void The_worker_collects_without_a_fault()
    {
        using var machine = new WholeMachine(new SoftwareGpuOptions { Execution = ExecutionMode.Parallel, Sms = 1 }, Options, frames: 4096);
        VirtualAddress a = machine.Map(16 * Page.Size);
        Assert.Equal(Errno.None, machine.Client.Strategy.TryAcquire(AddressRange.PageAt(a), 0, out _));
        Assert.Equal(1, machine.Client.RangeSpace!.RangeCount);
        Assert.Equal(Errno.None, machine.Mm.Unmap(a, 16 * Page.Size));
        Deadline deadline = Clock.Monotonic.After(TimeSpan.FromSeconds(30));
        var spin = default(Spin);
        while (machine.Client.RangeSpace.RangeCount > 0 && !deadline.HasPassed)
        {
            spin.Once();
        }

        Assert.Equal((0, 0), (machine.Client.RangeSpace.RangeCount, machine.Client.RangeSpace.NotifierCount));
    }

    private static DriverFixture Bound(SvmDriverOptions options, out VirtualAddress address)
    {
        var d = new DriverFixture(options);
        address = d.MapBlocks(1);
        d.Fault(address, FaultAccess.Write);
        d.Driver.ServiceFaults();
        Assert.Equal((512L, 1L), (d.Driver.MappedPages, d.Driver.Counters.Ranges.Bound));
        return d;
    }
}
