using GpuSvm.Driver.Tests.Infrastructure;

namespace GpuSvm.Driver.Tests.Faults;

/// <summary>Atomics on system memory: a page is taken from the CPU for each, unless the device says that it need not.</summary>
public sealed class AtomicFaultTests
{
    private const TranslationRights ReadWrite = TranslationRights.Read | TranslationRights.Write;
    private const TranslationRights Everything = ReadWrite | TranslationRights.Atomic;

    public static TheoryData<string> All => StrategyCases.All;

    [Theory]
    [MemberData(nameof(All))]
    public void An_atomic_takes_its_page_from_the_CPU_and_a_touch_of_the_CPU_takes_it_back(string strategy)
    {
        using var d = new DriverFixture(StrategyCases.On(strategy));
        VirtualAddress a = d.Map(1);
        d.Cpu.Thread(0).Store(a, 17L);
        d.Fault(a, FaultAccess.Atomic);
        d.Driver.ServiceFaults();
        Assert.True(d.Mm.PageTable.Read(a).IsDeviceExclusive);
        Assert.Equal(Everything, d.Client.Mirror.RightsOf(a));

        Assert.Equal(17, d.Cpu.Thread(0).Load<long>(a));

        Assert.False(d.Mm.PageTable.Read(a).IsDeviceExclusive);
        Assert.Equal(TranslationRights.None, d.Client.Mirror.RightsOf(a));
        DriverCounters c = d.Driver.Counters;
        Assert.Equal((1L, 1L, 1L, 1L, 0L), (c.Fetched, c.PagesMapped, c.ExclusivePages, c.Replays, c.Retries));
        Assert.Equal(0, d.Gpu.Dma.MappedPages);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_page_that_nobody_has_touched_is_brought_in_for_its_atomic(string strategy)
    {
        using var d = new DriverFixture(StrategyCases.On(strategy));
        VirtualAddress a = d.Map(1);
        d.Fault(a, FaultAccess.Atomic);

        d.Driver.ServiceFaults();

        Assert.Equal((1L, 1L, 0L), (d.Driver.Counters.PagesMapped, d.Driver.Counters.ExclusivePages, d.Driver.Counters.Cancels));
        Assert.Equal(1, d.Frames.AllocatedFrames);
        Assert.Equal(0, d.Cpu.Thread(0).Load<long>(a));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Loads_and_stores_get_no_right_to_atomics_and_take_no_page(string strategy)
    {
        using var d = new DriverFixture(StrategyCases.On(strategy));
        VirtualAddress a = d.MapBlocks(1);
        d.Fault(a, FaultAccess.Atomic);
        d.Fault(a + Page.Size, FaultAccess.Write);
        d.Fault(a + (2 * Page.Size), FaultAccess.Read);
        d.Fault(a, FaultAccess.Read);

        d.Driver.ServiceFaults();

        GpuMirror mirror = d.Client.Mirror;
        Assert.Equal(
            [Everything, ReadWrite, TranslationRights.Read],
            [mirror.RightsOf(a), mirror.RightsOf(a + Page.Size), mirror.RightsOf(a + (2 * Page.Size))]);
        DriverCounters c = d.Driver.Counters;
        Assert.Equal((4L, 1L, 3L, 1L), (c.Fetched, c.Duplicates, c.PagesMapped, c.ExclusivePages));

        // An atomic behind a store takes the page; a load behind an atomic is covered.
        d.Fault(a + Page.Size, FaultAccess.Atomic);
        d.Fault(a, FaultAccess.Write);
        d.Driver.ServiceFaults();
        Assert.Equal((4L, 2L, 1L, 3L), (c.PagesMapped, c.ExclusivePages, c.Covered, d.Driver.MappedPages));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Atomics_on_shared_or_read_only_memory_are_cancelled_with_a_reason_and_loads_of_it_live(string strategy)
    {
        using var d = new DriverFixture(StrategyCases.On(strategy));
        VirtualAddress readOnly = d.Map(1, Protection.Read);
        Errno error = d.Mm.MapShared(0, Page.Size, Protection.ReadWrite, MapPlacement.Anywhere, out VirtualAddress shared);
        Assert.Equal(Errno.None, error);
        foreach (VirtualAddress a in (VirtualAddress[])[readOnly, shared])
        {
            d.Fault(a, FaultAccess.Atomic);
            d.Fault(a, FaultAccess.Read);
        }

        d.Driver.ServiceFaults();

        Assert.Equal(
            [Errno.EPERM, Errno.EOPNOTSUPP],
            d.Gpu.Cancelled.OrderBy(cancelled => cancelled.Report.Address == shared).Select(cancelled => cancelled.Report.Error));
        Assert.All(d.Gpu.Cancelled, cancelled => Assert.Equal(FaultAccess.Atomic, cancelled.Report.Access));
        DriverCounters c = d.Driver.Counters;
        Assert.Equal((2L, 0L, 2L), (c.PagesMapped, c.ExclusivePages, c.Cancels));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_device_with_atomics_of_its_own_may_do_them_wherever_it_may_write(string strategy)
    {
        using var d = new DriverFixture(StrategyCases.On(strategy, new SvmDriverOptions { SystemAtomics = SystemAtomics.Native }));
        VirtualAddress a = d.Map(2);
        d.Fault(a, FaultAccess.Write);
        d.Fault(a + Page.Size, FaultAccess.Atomic);
        d.Driver.ServiceFaults();
        d.Fault(a, FaultAccess.Atomic);

        d.Driver.ServiceFaults();

        Assert.Equal((2L, 1L, 0L), (d.Driver.Counters.PagesMapped, d.Driver.Counters.Covered, d.Driver.Counters.ExclusivePages));
        Assert.False(d.Mm.PageTable.Read(a + Page.Size).IsDeviceExclusive);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void No_memory_for_the_entry_cancels_the_atomic_and_leaves_the_page_unlocked(string strategy)
    {
        using var d = new DriverFixture(StrategyCases.On(strategy));
        VirtualAddress a = d.Map(1);
        d.Gpu.Dma.Budget = 0;
        d.Fault(a, FaultAccess.Atomic);

        d.Driver.ServiceFaults();

        Assert.Equal(Errno.ENOMEM, Assert.Single(d.Gpu.Cancelled).Report.Error);
        d.Cpu.Thread(0).Store(a, 3L);
        Assert.Equal(3, d.Cpu.Thread(0).Load<long>(a));
    }
}
