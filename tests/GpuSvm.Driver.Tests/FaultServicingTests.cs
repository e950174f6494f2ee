using GpuSvm.Driver.Tests.Infrastructure;

namespace GpuSvm.Driver.Tests;

/// <summary>What one call of the servicer does, with exact counts.</summary>
public sealed class FaultServicingTests
{
    [Fact]
    public void A_batch_maps_each_page_once_and_replays_once_after_the_slots_are_given_back()
    {
        using var d = new DriverFixture();
        VirtualAddress a = d.Map(3);
        d.Fault(a + 8L, FaultAccess.Read);
        d.Fault(a + 8192L, FaultAccess.Write);
        d.Fault(a + 16L, FaultAccess.Read);
        d.Fault(a + 8192L, FaultAccess.Write);

        d.Driver.ServiceFaults();

        Assert.Equal((4, 2, 2, 1, 0), Counts(d));
        Assert.Equal(["replay, get 4"], d.Gpu.Journal);
        Assert.Equal(2, d.Gpu.Dma.MappedPages);
        Assert.Equal(1, d.Gpu.Ring.GetWrites);
    }

    [Fact]
    public void An_empty_ring_replays_nothing()
    {
        using var d = new DriverFixture();

        d.Driver.ServiceFaults();

        Assert.Equal((0, 0, 0, 0, 0), Counts(d));
        Assert.Empty(d.Gpu.Journal);
    }

    [Fact]
    public void A_write_behind_a_read_of_the_same_page_gets_the_right_to_write_in_one_go()
    {
        using var d = new DriverFixture();
        VirtualAddress a = d.Map(1);
        d.Fault(a, FaultAccess.Read);
        d.Fault(a, FaultAccess.Write);

        d.Driver.ServiceFaults();

        // The write is served: a frame of the page's own, not the shared zero page.
        Assert.Equal(1, d.Frames.AllocatedFrames);
        Assert.Equal((2, 1, 1, 1, 0), Counts(d));
    }

    [Fact]
    public void A_read_alone_maps_the_shared_zero_page()
    {
        using var d = new DriverFixture();
        VirtualAddress a = d.Map(1);
        d.Fault(a, FaultAccess.Read);

        d.Driver.ServiceFaults();

        Assert.Equal(0, d.Frames.AllocatedFrames);
        Assert.Equal(1, d.Gpu.Dma.MappedPages);
    }

    [Fact]
    public void A_fault_of_an_unknown_instance_is_cancelled_and_the_others_are_served()
    {
        using var d = new DriverFixture();
        VirtualAddress a = d.Map(1);
        var stranger = new InstancePointer(0x9999_9000);
        d.Gpu.Fault(stranger, a, FaultAccess.Read);
        d.Fault(a, FaultAccess.Read);

        d.Driver.ServiceFaults();

        (InstancePointer instance, GpuFaultReport report) = Assert.Single(d.Gpu.Cancelled);
        Assert.Equal(stranger, instance);
        Assert.Equal(Errno.ENXIO, report.Error);
        Assert.Equal((2, 0, 1, 1, 1), Counts(d));
    }

    [Fact]
    public void Each_fault_is_handled_by_its_own_access()
    {
        using var d = new DriverFixture();
        VirtualAddress readOnly = d.Map(1, Protection.Read);
        VirtualAddress writable = d.Map(1);
        d.Fault(writable, FaultAccess.Atomic);
        d.Fault(readOnly, FaultAccess.Read);

        d.Driver.ServiceFaults();

        Assert.Empty(d.Gpu.Cancelled);
        Assert.Equal((2, 0, 2, 1, 0), Counts(d));
    }

    [Theory]
    [InlineData(FaultAccess.Write, Errno.EPERM)]
    [InlineData(FaultAccess.Atomic, Errno.EPERM)]
    public void A_store_to_read_only_memory_is_cancelled_and_replays_nothing(FaultAccess access, Errno expected)
    {
        using var d = new DriverFixture();
        VirtualAddress a = d.Map(1, Protection.Read);
        d.Fault(a + 4L, access);

        d.Driver.ServiceFaults();

        GpuFaultReport report = Assert.Single(d.Gpu.Cancelled).Report;
        Assert.Equal((a + 4L, access, expected), (report.Address, report.Access, report.Error));
        Assert.Equal((1, 0, 0, 0, 1), Counts(d));
    }

    [Fact]
    public void A_prefetch_of_an_absent_page_is_dropped_and_counted_and_one_of_a_present_page_is_mapped()
    {
        using var d = new DriverFixture();
        VirtualAddress a = d.Map(2);
        d.Cpu.Thread(0).Store(a, 1);
        d.Fault(a, FaultAccess.Prefetch);
        d.Fault(a + 4096L, FaultAccess.Prefetch);
        d.Fault(0x1000, FaultAccess.Prefetch);

        d.Driver.ServiceFaults();

        Assert.Empty(d.Gpu.Cancelled);
        Assert.Equal((3, 0, 1, 1, 0), Counts(d));
        Assert.Equal(2, d.Driver.Counters.PrefetchesDropped);
    }

    [Theory]
    [InlineData(1UL << 49)]
    [InlineData(ulong.MaxValue)]
    public void A_prefetch_beyond_what_the_GPU_translates_is_dropped_and_a_load_there_is_cancelled(ulong address)
    {
        using var d = new DriverFixture();
        d.Fault(address, FaultAccess.Prefetch);
        d.Driver.ServiceFaults();
        Assert.Equal((1, 0, 0, 0, 0), Counts(d));
        Assert.Equal(1, d.Driver.Counters.PrefetchesDropped);

        d.Fault(address, FaultAccess.Read);
        d.Driver.ServiceFaults();
        Assert.Equal(Errno.EINVAL, Assert.Single(d.Gpu.Cancelled).Report.Error);
    }

    [Fact]
    public void A_prefetch_that_finds_no_memory_for_page_tables_is_dropped()
    {
        using var d = new DriverFixture();
        VirtualAddress a = d.Map(1);
        d.Cpu.Thread(0).Store(a, 1);
        d.Gpu.Tables.Budget = 0;
        d.Fault(a, FaultAccess.Prefetch);

        d.Driver.ServiceFaults();

        Assert.Equal((1, 0, 0, 0, 0), Counts(d));
        Assert.Equal(1, d.Driver.Counters.PrefetchesDropped);
    }

    [Theory]
    [InlineData(FaultAccess.Read, 1)]
    [InlineData(FaultAccess.Write, 0)]
    public void A_fault_of_a_page_that_is_mapped_with_enough_rights_is_covered_and_replayed(FaultAccess access, int covered)
    {
        using var d = new DriverFixture();
        VirtualAddress a = d.Map(1);
        d.Fault(a, FaultAccess.Read);
        d.Driver.ServiceFaults();

        d.Fault(a, access);
        d.Driver.ServiceFaults();

        Assert.Equal(covered, d.Driver.Counters.Covered);
        Assert.Equal((2, 0, 2 - covered, 2, 0), Counts(d));
        Assert.Equal(1, d.Gpu.Dma.MappedPages);
    }

    [Fact]
    public void A_full_overflowed_ring_is_noticed_and_drained_in_batches()
    {
        using var d = new DriverFixture(new SvmDriverOptions { BatchSize = 4, ReplayPolicy = ReplayPolicy.Batch }, ringEntries: 12);
        VirtualAddress a = d.Map(11);
        for (int i = 0; i < 11; i++)
        {
            d.Fault(a + (4096L * i), FaultAccess.Write);
        }

        d.Gpu.Ring.Overflow = true;
        d.Driver.ServiceFaults();

        Assert.False(d.Gpu.Ring.Overflow);
        Assert.Equal(1, d.Driver.Counters.Overflows);
        Assert.Equal(3, d.Driver.Counters.Batches);
        Assert.Equal(["replay, get 4", "replay, get 8", "replay, get 11"], d.Gpu.Journal);
    }

    [Fact]
    public void Faults_that_come_with_the_replay_are_served_in_the_same_call_over_the_end_of_the_ring()
    {
        using var d = new DriverFixture(ringEntries: 4);
        VirtualAddress a = d.Map(8);
        int next = 0;
        void Report()
        {
            for (int i = 0; i < 3 && next < 8; i++)
            {
                d.Fault(a + (4096L * next++), FaultAccess.Write);
            }
        }

        Report();
        d.Gpu.OnReplay = Report;
        d.Driver.ServiceFaults();

        Assert.Equal((8, 0, 8, 3, 0), Counts(d));
        Assert.Equal(d.Gpu.Ring.Put, d.Gpu.Ring.Get);
    }

    [Fact]
    public void No_memory_for_page_tables_cancels_the_fault_and_leaks_nothing()
    {
        using var d = new DriverFixture();
        VirtualAddress a = d.Map(1);
        d.Gpu.Tables.Budget = 1;
        d.Fault(a, FaultAccess.Write);

        d.Driver.ServiceFaults();

        Assert.Equal(Errno.ENOMEM, Assert.Single(d.Gpu.Cancelled).Report.Error);
        Assert.Equal(0, d.Gpu.Dma.MappedPages);
    }

    [Fact]
    public void No_DMA_address_cancels_the_fault_and_leaks_nothing()
    {
        using var d = new DriverFixture();
        VirtualAddress a = d.Map(1);
        d.Gpu.Dma.Budget = 0;
        d.Fault(a, FaultAccess.Write);

        d.Driver.ServiceFaults();

        Assert.Equal(Errno.ENOMEM, Assert.Single(d.Gpu.Cancelled).Report.Error);
    }

    private static (long Fetched, long Duplicates, long Mapped, long Replays, long Cancels) Counts(DriverFixture d)
    {
        DriverCounters c = d.Driver.Counters;
        Assert.Equal(c.Replays, d.Gpu.Replays);
        Assert.Equal(c.Cancels, d.Gpu.Cancelled.Count);
        return (c.Fetched, c.Duplicates, c.PagesMapped, c.Replays, c.Cancels);
    }
}
