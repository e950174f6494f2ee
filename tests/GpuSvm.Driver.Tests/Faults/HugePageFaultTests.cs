using GpuSvm.Driver.Tests.Infrastructure;

namespace GpuSvm.Driver.Tests.Faults;

/// <summary>What the CPU maps by one entry of 2 MiB the GPU does, too.</summary>
public sealed class HugePageFaultTests
{
    public static TheoryData<string> All => StrategyCases.All;

    [Theory]
    [MemberData(nameof(All))]
    public void One_entry_serves_all_faults_of_a_huge_page_and_covers_later_ones(string strategy)
    {
        using var d = new DriverFixture(StrategyCases.OnLargest(strategy));
        VirtualAddress a = MapHuge(d);
        d.Cpu.Thread(0).Store(a, 1L);
        d.Fault(a + (5 * Page.Size), FaultAccess.Read);
        d.Fault(a + (7 * Page.Size), FaultAccess.Write);
        d.Fault(a + (511 * Page.Size), FaultAccess.Read);
        d.Driver.ServiceFaults();
        DriverCounters c = d.Driver.Counters;
        Assert.Equal((3L, 512L, 1L, 2L, 1L), (c.Fetched, c.PagesMapped, c.HugePagesMapped, c.Skipped, c.Replays));
        Assert.Equal((512L, 1L), (d.Driver.MappedPages, d.Gpu.Dma.MappedPages));

        d.Fault(a + (100 * Page.Size), FaultAccess.Write);
        d.Driver.ServiceFaults();
        Assert.Equal((1L, 512L), (c.Covered, c.PagesMapped));

        // All of it goes when a part goes; what is left comes back page by page, for the CPU has split its entry.
        Assert.Equal(Errno.None, d.Mm.Unmap(a, Page.Size));
        Assert.Equal(0, d.Driver.MappedPages);
        d.Fault(a + Page.Size, FaultAccess.Read);
        d.Driver.ServiceFaults();
        Assert.Equal((513L, 1L, 1L), (c.PagesMapped, c.HugePagesMapped, d.Driver.MappedPages));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_store_that_brings_a_huge_page_in_maps_it_as_one(string strategy)
    {
        using var d = new DriverFixture(StrategyCases.OnLargest(strategy));
        VirtualAddress a = MapHuge(d);
        d.Fault(a + (9 * Page.Size), FaultAccess.Write);

        d.Driver.ServiceFaults();

        Assert.Equal((512L, 1L, 0L), (d.Driver.Counters.PagesMapped, d.Driver.Counters.HugePagesMapped, d.Driver.Counters.Skipped));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_huge_page_is_mapped_page_by_page_where_it_reaches_into_the_window(string strategy)
    {
        using var d = new DriverFixture(StrategyCases.OnLargest(strategy), unmanaged: AddressRange.FromLength(0x4000_3000UL, Page.Size));
        VirtualAddress a = MapHuge(d);
        d.Cpu.Thread(0).Store(a, 1L);
        d.Fault(a, FaultAccess.Read);
        d.Fault(a + Page.Size, FaultAccess.Read);

        d.Driver.ServiceFaults();

        Assert.Equal((2L, 0L, 2L), (d.Driver.Counters.PagesMapped, d.Driver.Counters.HugePagesMapped, d.Driver.MappedPages));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void An_atomic_takes_one_page_of_a_huge_page_and_the_others_come_page_by_page(string strategy)
    {
        using var d = new DriverFixture(StrategyCases.OnLargest(strategy));
        VirtualAddress a = MapHuge(d);
        d.Cpu.Thread(0).Store(a, 1L);
        d.Fault(a + Page.Size, FaultAccess.Atomic);
        d.Fault(a + (2 * Page.Size), FaultAccess.Read);

        d.Driver.ServiceFaults();

        DriverCounters c = d.Driver.Counters;
        Assert.Equal((1L, 0L, 0L), (c.ExclusivePages, c.HugePagesMapped, c.Cancels));
        Assert.Equal(2, d.Driver.MappedPages);
        Assert.Equal(1, d.Cpu.Thread(0).Load<long>(a));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Stores_to_a_huge_page_of_read_only_memory_are_cancelled_and_its_loads_get_the_one_entry(string strategy)
    {
        using var d = new DriverFixture(StrategyCases.OnLargest(strategy));
        VirtualAddress a = MapHuge(d);
        d.Cpu.Thread(0).Store(a, 1L);
        Assert.Equal(Errno.None, d.Mm.Protect(a, 2UL << 20, Protection.Read));
        d.Fault(a, FaultAccess.Read);
        d.Fault(a + Page.Size, FaultAccess.Write);
        d.Fault(a + (2 * Page.Size), FaultAccess.Read);

        d.Driver.ServiceFaults();

        DriverCounters c = d.Driver.Counters;
        Assert.Equal((512L, 1L, 1L, 1L), (c.PagesMapped, c.HugePagesMapped, c.Skipped, c.Cancels));
        Assert.Equal(TranslationRights.Read, d.Client.Mirror.RightsOf(a + (300 * Page.Size)));
    }

    private static VirtualAddress MapHuge(DriverFixture d)
    {
        VirtualAddress a = d.MapBlocks(1);
        Assert.Equal(Errno.None, d.Mm.Advise(a, 2UL << 20, Advice.HugePage));
        return a;
    }
}
