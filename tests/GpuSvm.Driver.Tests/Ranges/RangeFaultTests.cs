using GpuSvm.Driver.Tests.Infrastructure;

namespace GpuSvm.Driver.Tests.Ranges;

/// <summary>A fault finds or makes the range around its page, brings all of it in, and binds it.</summary>
public sealed class RangeFaultTests
{
    private const TranslationRights ReadWrite = TranslationRights.Read | TranslationRights.Write;
    private static readonly SvmDriverOptions Options = new() { Strategy = MirrorStrategies.SizedRanges };

    [Theory]
    [InlineData(0x4000_0000, 512, 512)]
    [InlineData(0x4000_0000, 511, 16)]
    [InlineData(0x4001_0000, 40, 16)]
    [InlineData(0x4000_1000, 20, 1)]
    [InlineData(0x4000_0000, 15, 1)]
    public void One_fault_binds_the_largest_chunk_that_fits(ulong address, int pages, int bound)
    {
        using var d = new DriverFixture(Options);
        Map(d, address, pages);
        d.Fault(address + 64, FaultAccess.Write);
        d.Driver.ServiceFaults();
        DriverCounters c = d.Driver.Counters;
        Assert.Equal((1L, bound, bound, 1L), (c.Fetched, c.PagesMapped, d.Driver.MappedPages, c.Ranges.Bound));
        Assert.Equal(1, c.Ranges.BoundOf((ulong)bound * Page.Size));
        Assert.Equal((1L, 1, bound), (d.Client.RangeSpace!.RangesMade, d.Client.RangeSpace.NotifierCount, d.Gpu.Dma.MappedPages));
        Assert.All(Enumerable.Range(0, bound), page => Assert.Equal(ReadWrite, RightsOf(d, address, page)));

        // All later faults in it find it mapped.
        d.Fault(address + ((ulong)bound * Page.Size) - 1, FaultAccess.Read);
        d.Driver.ServiceFaults();
        Assert.Equal((1L, bound, 1L), (c.Covered, c.PagesMapped, c.Ranges.Bound));
    }

    [Fact]
    public void A_huge_page_of_the_CPU_is_bound_by_one_entry_and_mapped_for_DMA_as_one()
    {
        using var d = new DriverFixture(Options);
        VirtualAddress a = d.MapBlocks(1);
        Assert.Equal(Errno.None, d.Mm.Advise(a, HugePage.Size, Advice.HugePage));
        d.Fault(a + (77 * Page.Size), FaultAccess.Write);
        d.Driver.ServiceFaults();
        DriverCounters c = d.Driver.Counters;
        Assert.Equal((512L, 1L, 1L), (c.PagesMapped, c.HugePagesMapped, d.Gpu.Dma.MappedPages));
    }

    [Fact]
    public void All_faults_of_a_range_are_served_by_one_binding_with_the_rights_of_the_strongest()
    {
        using var d = new DriverFixture(Options);
        VirtualAddress a = d.MapBlocks(1);
        d.Fault(a, FaultAccess.Read);
        d.Fault(a + Page.Size, FaultAccess.Write);
        d.Fault(a + (500 * Page.Size), FaultAccess.Read);
        d.Driver.ServiceFaults();
        DriverCounters c = d.Driver.Counters;
        Assert.Equal((1L, 512L, 2L, 0L), (c.Ranges.Bound, c.PagesMapped, c.Skipped, c.Cancels));
        Assert.Equal(ReadWrite, RightsOf(d, a, 500));
    }

    [Fact]
    public void A_read_gets_no_more_than_that_and_a_write_upgrades_the_same_range()
    {
        using var d = new DriverFixture(Options);
        VirtualAddress a = Map(d, 0x4000_0000, 16);
        d.Cpu.Thread(0).Store(a, 5L);
        d.Fault(a, FaultAccess.Read);
        d.Driver.ServiceFaults();
        Assert.All(Enumerable.Range(0, 16), page => Assert.Equal(TranslationRights.Read, RightsOf(d, a, page)));

        d.Fault(a + Page.Size, FaultAccess.Write);
        d.Driver.ServiceFaults();
        Assert.All(Enumerable.Range(0, 16), page => Assert.Equal(ReadWrite, RightsOf(d, a, page)));
        Assert.Equal((1L, 2L, 16L), (d.Client.RangeSpace!.RangesMade, d.Driver.Counters.Ranges.Bound, d.Gpu.Dma.MappedPages));
        Assert.Equal(16, d.Frames.AllocatedFrames);
    }

    [Fact]
    public void A_prefetch_takes_a_range_whose_page_is_there_for_reading_and_faults_none_in_for_itself()
    {
        using var d = new DriverFixture(Options);
        VirtualAddress a = Map(d, 0x4000_0000, 16);
        d.Fault(a, FaultAccess.Prefetch);
        d.Driver.ServiceFaults();
        Assert.Equal((1L, 0L, 0L), (d.Driver.Counters.PrefetchesDropped, d.Driver.MappedPages, d.Frames.AllocatedFrames));

        d.Cpu.Thread(0).Store(a, 5L);
        d.Fault(a, FaultAccess.Prefetch);
        d.Driver.ServiceFaults();
        Assert.Equal((1L, 16L, TranslationRights.Read), (d.Driver.Counters.PrefetchesDropped, d.Driver.MappedPages, RightsOf(d, a, 3)));
    }

    [Fact]
    public void Ranges_of_two_notifiers_are_made_in_one_batch()
    {
        using var d = new DriverFixture(Options with { Ranges = new SvmRangeOptions { NotifierSize = ByteSize.MiB(2) } });
        VirtualAddress a = d.MapBlocks(2);
        d.Fault(a, FaultAccess.Write);
        d.Fault(a + HugePage.Size, FaultAccess.Write);
        d.Driver.ServiceFaults();
        Assert.Equal((1024L, 2, 2), (d.Driver.MappedPages, d.Client.RangeSpace!.NotifierCount, d.Client.RangeSpace.RangeCount));
    }

    [Fact]
    public void A_range_does_not_reach_into_the_window_of_the_client()
    {
        using var d = new DriverFixture(Options, unmanaged: AddressRange.FromLength(0x4010_0000UL, Page.Size));
        VirtualAddress a = d.MapBlocks(1);
        d.Fault(a, FaultAccess.Write);
        d.Fault(a + 0x10_1000UL, FaultAccess.Write);
        d.Driver.ServiceFaults();
        Assert.Equal((1L, 1L, 17L), (
            d.Driver.Counters.Ranges.BoundOf(ByteSize.KiB(64)), d.Driver.Counters.Ranges.BoundOf(ByteSize.KiB(4)), d.Driver.MappedPages));
    }

    [Fact]
    public void Nothing_mapped_and_no_right_to_read_are_EFAULT_and_no_right_to_write_is_EPERM()
    {
        using var d = new DriverFixture(Options);
        VirtualAddress readOnly = Map(d, 0x4000_0000, 16, Protection.Read);
        VirtualAddress none = Map(d, 0x5000_0000, 16, Protection.None);
        d.Fault(readOnly, FaultAccess.Write);
        d.Fault(readOnly + Page.Size, FaultAccess.Read);
        d.Fault(none, FaultAccess.Read);
        d.Fault(0x6000_0000UL, FaultAccess.Read);
        d.Driver.ServiceFaults();
        Assert.Equal(
            [(0x4000_0000UL, Errno.EPERM), (0x5000_0000UL, Errno.EFAULT), (0x6000_0000UL, Errno.EFAULT)],
            d.Gpu.Cancelled.Select(cancel => (Page.AlignDown(cancel.Report.Address), cancel.Report.Error)).Order());
        Assert.Equal(TranslationRights.Read, RightsOf(d, readOnly, 1));
    }

    [Fact]
    public void A_range_that_a_change_of_rights_cuts_is_made_anew_on_each_side()
    {
        using var d = new DriverFixture(Options);
        VirtualAddress a = d.MapBlocks(1);
        d.Fault(a, FaultAccess.Write);
        d.Driver.ServiceFaults();
        Assert.Equal(Errno.None, d.Mm.Protect(a + 0x10_0000UL, 0x10_0000, Protection.Read));
        Assert.Equal(256, d.Driver.MappedPages);

        d.Fault(a + (256 * Page.Size), FaultAccess.Read);
        d.Fault(a + (300 * Page.Size), FaultAccess.Write);
        d.Driver.ServiceFaults();
        Assert.Equal((Errno.EPERM, 1), (d.Gpu.Cancelled.Single().Report.Error, d.Gpu.Cancelled.Count));
        Assert.Equal((ReadWrite, TranslationRights.Read), (RightsOf(d, a, 1), RightsOf(d, a, 256)));
        Assert.Equal(272, d.Driver.MappedPages);
    }

    [Fact]
    public void A_page_that_cannot_be_had_is_no_other_pages_affair()
    {
        using var d = new DriverFixture(Options);
        VirtualAddress a = d.MapBlocks(1);
        d.Cpu.Thread(0).Store(a + (9 * Page.Size), 1L);
        Assert.Equal(Errno.None, d.Mm.Advise(a + (9 * Page.Size), Page.Size, Advice.Poison));
        d.Fault(a, FaultAccess.Write);
        d.Fault(a + (9 * Page.Size), FaultAccess.Read);
        d.Driver.ServiceFaults();
        DriverCounters c = d.Driver.Counters;
        Assert.Equal((1L, 0L, 1L, 1L), (c.Ranges.LeftToPages, c.Ranges.Bound, c.PagesMapped, c.Cancels));
        Assert.Equal(ReadWrite, RightsOf(d, a, 0));
    }

    [Fact]
    public void Without_room_for_all_of_a_range_its_page_is_mapped_alone_and_without_any_it_is_ENOMEM()
    {
        using var d = new DriverFixture(Options);
        VirtualAddress a = d.MapBlocks(1);
        d.Gpu.Dma.Budget = 100;
        d.Fault(a, FaultAccess.Write);
        d.Driver.ServiceFaults();
        Assert.Equal((0L, 0L, Errno.ENOMEM), (d.Driver.MappedPages, d.Gpu.Dma.MappedPages, d.Gpu.Cancelled.Single().Report.Error));

        // The first try takes 21, the second the one that is left.
        d.Gpu.Dma.Budget = 22;
        VirtualAddress b = Map(d, 0x5000_0000, 16);
        d.Fault(b, FaultAccess.Write);
        d.Driver.ServiceFaults();
        Assert.Equal((16L, 16L), (d.Driver.MappedPages, d.Gpu.Dma.MappedPages));
        d.Fault(b, FaultAccess.Read);
        d.Driver.ServiceFaults();
        Assert.Equal(1, d.Driver.Counters.Covered);
    }

    [Fact]
    public void While_an_invalidation_runs_a_fault_is_put_off_and_served_afterwards()
    {
        using var d = new DriverFixture(Options with { Timeout = TimeSpan.Zero, Ranges = new SvmRangeOptions { RetryLimit = TimeSpan.Zero } });
        VirtualAddress a = Map(d, 0x4000_0000, 16);
        d.Fault(a, FaultAccess.Write);
        d.Driver.ServiceFaults();
        var change = new Invalidation(AddressRange.PageAt(a), InvalidationCause.Clear);
        Assert.Equal(Errno.None, d.Mm.Notifiers.Begin(change, out InvalidationScope scope));
        d.Fault(a, FaultAccess.Write);
        d.Driver.ServiceFaults();
        scope.Dispose();
        Assert.Equal((1L, 0L, 15L), (d.Driver.Counters.Deferred, d.Driver.Counters.Cancels, d.Driver.MappedPages));

        d.Fault(a, FaultAccess.Write);
        d.Driver.ServiceFaults();
        Assert.Equal((1L, 16L), (d.Driver.Counters.Deferred, d.Driver.MappedPages));
    }

    [Fact]
    public void An_atomic_takes_its_page_alone_and_the_range_around_it_is_bound_by_others()
    {
        using var d = new DriverFixture(Options);
        VirtualAddress a = Map(d, 0x4000_0000, 16);
        d.Fault(a + Page.Size, FaultAccess.Atomic);
        d.Driver.ServiceFaults();
        Assert.Equal((1L, 0L, 1L), (d.Driver.Counters.ExclusivePages, d.Driver.Counters.Ranges.Bound, d.Driver.MappedPages));

        d.Fault(a, FaultAccess.Write);
        d.Driver.ServiceFaults();
        Assert.Equal((1L, 16L), (d.Driver.Counters.Ranges.Bound, d.Driver.MappedPages));
    }

    [Fact]
    public void Where_atomics_are_native_they_are_served_by_the_range()
    {
        using var d = new DriverFixture(Options with { SystemAtomics = SystemAtomics.Native });
        VirtualAddress a = Map(d, 0x4000_0000, 16);
        d.Fault(a, FaultAccess.Atomic);
        d.Driver.ServiceFaults();
        Assert.Equal((0L, 1L), (d.Driver.Counters.ExclusivePages, d.Driver.Counters.Ranges.Bound));
        Assert.Equal(ReadWrite | TranslationRights.Atomic, RightsOf(d, a, 7));
    }

    [Fact]
    public void Sizes_that_break_a_rule_are_refused()
    {
        SvmRangeOptions[] wrong =
        [
            new() { ChunkSizes = [] },
            new() { ChunkSizes = [ByteSize.MiB(2)] },
            new() { ChunkSizes = [ByteSize.KiB(4), ByteSize.KiB(64)] },
            new() { ChunkSizes = [ByteSize.KiB(12), ByteSize.KiB(4)] },
            new() { ChunkSizes = [ByteSize.MiB(4), ByteSize.KiB(4)] },
            new() { NotifierSize = ByteSize.MiB(1) },
            new() { NotifierSize = ByteSize.MiB(3) },
            new() { Timeslice = TimeSpan.FromTicks(-1) },
            new() { RetryLimit = TimeSpan.FromTicks(-1) },
            new() { Placement = (SvmResidency)3 },
            new() { PartialUnmap = (PartialUnmap)2 },
            new() { Movement = (Movement)2 },
        ];
        Assert.All(wrong, ranges => Assert.ThrowsAny<ArgumentException>(() => new SvmDriver(new ScriptedGpu(), Options with { Ranges = ranges })));
    }

    internal static VirtualAddress Map(DriverFixture d, ulong address, int pages, Protection protection = Protection.ReadWrite)
    {
        Assert.Equal(Errno.None, d.Mm.Map(address, (ulong)pages * Page.Size, protection, MapPlacement.FixedNoReplace, out VirtualAddress at));
        return at;
    }

    private static TranslationRights RightsOf(DriverFixture d, VirtualAddress address, int page) =>
        d.Client.Mirror.RightsOf(address + ((ulong)page * Page.Size));
}
