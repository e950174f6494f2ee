using GpuSvm.Driver.Tests.Infrastructure;

namespace GpuSvm.Driver.Tests.Faults;

/// <summary>What becomes of the faults of a block of 2 MiB, with exact counts, on every strategy.</summary>
public sealed class BlockRulesTests
{
    private const ulong BlockSize = 2UL << 20;

    public static TheoryData<string> All => StrategyCases.All;

    [Theory]
    [MemberData(nameof(All))]
    public void Faults_of_blocks_and_runs_are_mapped_page_by_page_and_nothing_else_is(string strategy)
    {
        using var d = new DriverFixture(StrategyCases.On(strategy));
        VirtualAddress a = d.MapBlocks(3);
        foreach (ulong page in (ulong[])[513, 3, 0, 511, 2, 512, 0, 1100])
        {
            d.Fault(a + (page * Page.Size) + 8, FaultAccess.Read);
        }

        d.Driver.ServiceFaults();

        DriverCounters c = d.Driver.Counters;
        Assert.Equal((8L, 1L, 7L, 1L), (c.Fetched, c.Duplicates, c.PagesMapped, c.LookUps));
        Assert.Equal((1L, 1L, 1, 0L), (c.Replays, c.GetWrites, d.Gpu.Ring.GetWrites, c.Retries));
        Assert.Equal(7, d.Driver.MappedPages);
        Assert.Equal(["replay, get 8"], d.Gpu.Journal);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void An_error_of_one_page_is_no_other_pages(string strategy)
    {
        using var d = new DriverFixture(StrategyCases.On(strategy));
        VirtualAddress a = d.MapBlocks(1);
        Assert.Equal(Errno.None, d.Mm.Protect(a + Page.Size, Page.Size, Protection.Read));
        Assert.Equal(Errno.None, d.Mm.Unmap(a + (3 * Page.Size), Page.Size));
        Assert.Equal(Errno.None, d.Mm.Protect(a + (5 * Page.Size), Page.Size, Protection.None));
        for (ulong page = 0; page < 7; page++)
        {
            d.Fault(a + (page * Page.Size), FaultAccess.Write);
        }

        d.Driver.ServiceFaults();

        Assert.Equal(
            [(a + Page.Size, Errno.EPERM), (a + (3 * Page.Size), Errno.EFAULT), (a + (5 * Page.Size), Errno.EFAULT)],
            d.Gpu.Cancelled.Select(cancelled => (cancelled.Report.Address, cancelled.Report.Error)));
        DriverCounters c = d.Driver.Counters;
        Assert.Equal((7L, 0L, 4L, 3L, 1L), (c.Fetched, c.Duplicates, c.PagesMapped, c.Cancels, c.Replays));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Loads_of_a_page_outlive_its_stores_and_atomics_that_fail(string strategy)
    {
        using var d = new DriverFixture(StrategyCases.On(strategy));
        VirtualAddress a = d.Map(2, Protection.Read);
        d.Fault(a + 4L, FaultAccess.Read);
        d.Fault(a + 8L, FaultAccess.Write);
        d.Fault(a + 12L, FaultAccess.Atomic);
        d.Fault(a + Page.Size, FaultAccess.Write);
        d.Fault(a + Page.Size, FaultAccess.Prefetch);

        d.Driver.ServiceFaults();

        Assert.Equal(
            [(a + 12L, FaultAccess.Atomic), (a + 8L, FaultAccess.Write), (a + Page.Size, FaultAccess.Write)],
            d.Gpu.Cancelled.Select(cancelled => (cancelled.Report.Address, cancelled.Report.Access)));
        DriverCounters c = d.Driver.Counters;
        Assert.Equal((5L, 3L, 1L, 3L, 1L), (c.Fetched, c.Duplicates, c.PagesMapped, c.Cancels, c.PrefetchesDropped));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_store_that_fails_on_a_page_that_the_GPU_may_read_leaves_the_page_alone(string strategy)
    {
        using var d = new DriverFixture(StrategyCases.On(strategy));
        VirtualAddress a = d.Map(1, Protection.Read);
        d.Fault(a, FaultAccess.Read);
        d.Driver.ServiceFaults();

        d.Fault(a, FaultAccess.Write);
        d.Fault(a, FaultAccess.Read);
        d.Driver.ServiceFaults();

        DriverCounters c = d.Driver.Counters;
        Assert.Equal((1L, 1L, 1L), (c.PagesMapped, c.Covered, c.Cancels));
        Assert.DoesNotContain(d.Gpu.Journal, line => line.StartsWith("invalidate", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_page_is_mapped_once_for_two_channels_of_a_client_and_once_for_each_client(string strategy)
    {
        using var d = new DriverFixture(StrategyCases.On(strategy));
        using var mm = new AddressSpace(d.Frames, new SimulatedCpu(d.Memory, 1), new AddressSpaceOptions());
        Assert.Equal(Errno.None, d.Driver.TryOpen(mm, out SvmClient? other));
        Channel second = d.Driver.Join(d.Client);
        Channel stranger = d.Driver.Join(other!);
        VirtualAddress a = d.MapBlocks(1);
        Assert.Equal(Errno.None, mm.Map(a, Page.Size, Protection.Read, MapPlacement.Fixed, out _));
        d.Fault(a + Page.Size, FaultAccess.Write);
        d.Gpu.Fault(stranger.Instance, a, FaultAccess.Write);
        d.Gpu.Fault(stranger.Instance, a, FaultAccess.Read);
        d.Gpu.Fault(second.Instance, a + Page.Size, FaultAccess.Read);

        d.Driver.ServiceFaults();

        // An innocent channel lives, whose fault lies above one that fails.
        Assert.Equal(stranger.Instance, Assert.Single(d.Gpu.Cancelled).Instance);
        DriverCounters c = d.Driver.Counters;
        Assert.Equal((4L, 2L, 2L, 3L), (c.Fetched, c.Duplicates, c.PagesMapped, c.LookUps));
        Assert.Equal((1L, 1L), (d.Client.Mirror.MappedPages, other!.Mirror.MappedPages));
        d.Driver.Close(other);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_fault_in_the_window_is_cancelled_beside_faults_that_are_served(string strategy)
    {
        using var d = new DriverFixture(StrategyCases.On(strategy), unmanaged: AddressRange.FromLength(0x4000_1000UL, Page.Size));
        VirtualAddress a = d.MapBlocks(1);
        d.Fault(a, FaultAccess.Write);
        d.Fault(a + Page.Size, FaultAccess.Write);
        d.Fault(a + Page.Size, FaultAccess.Prefetch);
        d.Fault(a + (2 * Page.Size), FaultAccess.Write);

        d.Driver.ServiceFaults();

        Assert.Equal((a + Page.Size, Errno.EINVAL), (d.Gpu.Cancelled.Single().Report.Address, d.Gpu.Cancelled.Single().Report.Error));
        DriverCounters c = d.Driver.Counters;
        Assert.Equal((4L, 2L, 1L, 1L), (c.Fetched, c.PagesMapped, c.Cancels, c.PrefetchesDropped));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Where_memory_runs_out_in_a_run_pages_are_mapped_as_far_as_it_lasts(string strategy)
    {
        using var d = new DriverFixture(StrategyCases.On(strategy));
        VirtualAddress a = d.MapBlocks(1);
        d.Gpu.Dma.Budget = 6;
        for (ulong page = 0; page < 4; page++)
        {
            d.Fault(a + (page * Page.Size), FaultAccess.Write);
            d.Cpu.Thread(0).Store(a + (page * Page.Size), page);
        }

        d.Gpu.Dma.Budget = 3;
        d.Driver.ServiceFaults();

        // The run of four as a whole is refused with the budget spent; then each page is tried alone.
        Assert.Equal(d.Driver.Counters.PagesMapped, d.Driver.MappedPages);
        Assert.Equal(4, d.Driver.Counters.PagesMapped + d.Driver.Counters.Cancels);
        Assert.All(d.Gpu.Cancelled, cancelled => Assert.Equal(Errno.ENOMEM, cancelled.Report.Error));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_fault_that_comes_back_to_a_page_that_grants_it_all_is_cancelled_at_the_bound(string strategy)
    {
        using var d = new DriverFixture(StrategyCases.On(strategy, new SvmDriverOptions { MaxReturns = 2 }));
        VirtualAddress a = d.Map(1);
        d.Gpu.OnReplay = () =>
        {
            if (d.Gpu.Cancelled.Count == 0)
            {
                d.Fault(a, FaultAccess.Write);
            }
        };
        d.Fault(a, FaultAccess.Write);

        d.Driver.ServiceFaults();

        GpuFaultReport report = Assert.Single(d.Gpu.Cancelled).Report;
        Assert.Equal((a, FaultAccess.Write, Errno.EIO), (report.Address, report.Access, report.Error));
        DriverCounters c = d.Driver.Counters;
        Assert.Equal((4L, 1L, 3L, 1L, 4L), (c.Fetched, c.PagesMapped, c.Covered, c.Cancels, c.Replays));
    }

    [Theory]
    [InlineData(ReplayPolicy.Batch, 20)]
    [InlineData(ReplayPolicy.Once, 1)]
    public void Entries_that_were_written_before_a_replay_are_no_returns(ReplayPolicy policy, int replays)
    {
        using var d = new DriverFixture(new SvmDriverOptions { MaxReturns = 1, BatchSize = 1, ReplayPolicy = policy });
        VirtualAddress a = d.Map(1);
        for (int i = 0; i < 20; i++)
        {
            d.Fault(a, FaultAccess.Read);
        }

        d.Driver.ServiceFaults();

        DriverCounters c = d.Driver.Counters;
        Assert.Equal((20L, 1L, 19L, 0L, replays), (c.Fetched, c.PagesMapped, c.Covered, c.Cancels, c.Replays));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void New_rights_begin_the_count_of_returns_anew(string strategy)
    {
        using var d = new DriverFixture(StrategyCases.On(strategy, new SvmDriverOptions { MaxReturns = 1 }));
        VirtualAddress a = d.Map(1);
        for (int round = 0; round < 5; round++)
        {
            // Mapped, came back once, and the CPU gives the page up.
            d.Fault(a, FaultAccess.Write);
            d.Driver.ServiceFaults();
            d.Fault(a, FaultAccess.Write);
            d.Driver.ServiceFaults();
            Assert.Equal(Errno.None, d.Mm.Discard(a, Page.Size));
        }

        Assert.Equal((5L, 5L, 0L), (d.Driver.Counters.PagesMapped, d.Driver.Counters.Covered, d.Driver.Counters.Cancels));
    }
}
