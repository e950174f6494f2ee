using GpuSvm.Driver.Tests.Infrastructure;

namespace GpuSvm.Driver.Tests;

/// <summary>When the servicer replays and what it flushes before, with exact counts.</summary>
public sealed class ReplayPolicyTests
{
    private const long BlockSize = 2L << 20;

    [Theory]
    [InlineData(ReplayPolicy.Block, 4, 6, 0, 0)]
    [InlineData(ReplayPolicy.Batch, 2, 6, 0, 0)]
    [InlineData(ReplayPolicy.BatchFlush, 1, 4, 1, 2)]
    [InlineData(ReplayPolicy.Once, 1, 6, 0, 0)]
    public void Each_policy_replays_as_often_as_it_says(ReplayPolicy policy, int replays, int fetched, int flushes, int flushed)
    {
        // Two batches of three 2 MiB blocks, of which the second batch repeats one page of the first and has one more.
        using var d = new DriverFixture(new SvmDriverOptions { BatchSize = 4, ReplayPolicy = policy });
        VirtualAddress a = AtBlock(d, 3);
        d.Fault(a, FaultAccess.Write);
        d.Fault(a + 4096L, FaultAccess.Write);
        d.Fault(a + BlockSize, FaultAccess.Write);
        d.Fault(a + (2 * BlockSize), FaultAccess.Write);
        d.Fault(a, FaultAccess.Write);
        d.Fault(a + 8192L, FaultAccess.Write);

        d.Driver.ServiceFaults();

        DriverCounters c = d.Driver.Counters;
        Assert.Equal((replays, fetched, flushes, flushed), (c.Replays, c.Fetched, c.Flushes, c.FlushedEntries));
        Assert.Equal((fetched == 6 ? 5 : 4, fetched == 6 ? 1 : 0), (c.PagesMapped, c.Covered));
        Assert.Equal(replays, d.Gpu.Replays);
        Assert.Equal(d.Gpu.Ring.Put, d.Gpu.Ring.Get);
    }

    [Fact]
    public void By_blocks_a_replay_follows_the_last_page_of_a_block_and_none_before_it()
    {
        using var d = new DriverFixture(new SvmDriverOptions { ReplayPolicy = ReplayPolicy.Block });
        VirtualAddress a = AtBlock(d, 2);
        d.Fault(a, FaultAccess.Write);
        d.Fault(a + 4096L, FaultAccess.Write);
        d.Fault(a + 8192L, FaultAccess.Write);
        d.Fault(a + BlockSize, FaultAccess.Write);

        d.Driver.ServiceFaults();

        Assert.Equal((4, 2), (d.Driver.Counters.PagesMapped, d.Gpu.Replays));
    }

    [Fact]
    public void The_ring_is_empty_when_the_replay_comes_and_what_is_reported_by_then_is_served()
    {
        using var d = new DriverFixture(new SvmDriverOptions { BatchSize = 1 });
        VirtualAddress a = d.Map(2);
        d.Fault(a, FaultAccess.Write);
        d.Fault(a + 4096L, FaultAccess.Write);
        d.Fault(a, FaultAccess.Write);
        bool reported = false;
        d.Gpu.OnReplay = () =>
        {
            // The access of the second entry still waits; that of the third went on with the first.
            if (!reported)
            {
                reported = true;
                d.Fault(a + 4096L, FaultAccess.Write);
            }
        };

        d.Driver.ServiceFaults();

        DriverCounters c = d.Driver.Counters;
        Assert.Equal(["replay, get 3", "replay, get 4"], d.Gpu.Journal);
        Assert.Equal((2, 2, 0, 1, 2), (c.Fetched, c.PagesMapped, c.Covered, c.Flushes, c.FlushedEntries));
    }

    [Fact]
    public void A_batch_that_needs_no_replay_flushes_nothing()
    {
        using var d = new DriverFixture(new SvmDriverOptions { BatchSize = 1 });
        VirtualAddress a = d.Map(1);
        d.Fault(a, FaultAccess.Prefetch);
        d.Fault(a, FaultAccess.Write);

        d.Driver.ServiceFaults();

        Assert.Equal((2, 1, 1, 0), (d.Driver.Counters.Fetched, d.Driver.Counters.PagesMapped, d.Driver.Counters.Replays, d.Driver.Counters.Flushes));
    }

    [Fact]
    public void Once_replays_at_the_bound_on_batches_too()
    {
        using var d = new DriverFixture(new SvmDriverOptions { BatchSize = 1, MaxBatches = 2, ReplayPolicy = ReplayPolicy.Once });
        VirtualAddress a = d.Map(5);
        for (int i = 0; i < 5; i++)
        {
            d.Fault(a + (4096L * i), FaultAccess.Write);
        }

        d.Driver.ServiceFaults();

        Assert.Equal(["replay, get 2", "replay, get 4", "replay, get 5"], d.Gpu.Journal);
    }

    [Fact]
    public void A_flush_waits_for_entries_that_are_not_valid_yet()
    {
        using var d = new DriverFixture();
        VirtualAddress a = d.Map(2);
        d.Fault(a, FaultAccess.Write);
        d.Gpu.Ring.LateBy = 5;
        d.Fault(a + 4096L, FaultAccess.Write);

        d.Driver.ServiceFaults();

        // One poll ended the batch before the entry; the flush made the other five.
        Assert.Equal(6, d.Gpu.Ring.PollsOf(1));
        Assert.Equal((1, 0), (d.Driver.Counters.FlushedEntries, d.Driver.Counters.LateEntries));
        Assert.Equal(["replay, get 2"], d.Gpu.Journal);
    }

    [Fact]
    public void A_flush_passes_over_what_never_becomes_valid_at_the_bound_and_counts_it()
    {
        using var d = new DriverFixture(new SvmDriverOptions { Timeout = TimeSpan.Zero });
        VirtualAddress a = d.Map(1);
        d.Fault(a, FaultAccess.Prefetch);
        d.Fault(a, FaultAccess.Write);
        d.Gpu.Ring.LateBy = -1;
        d.Fault(a, FaultAccess.Write);
        d.Fault(a, FaultAccess.Write);

        d.Driver.ServiceFaults();

        Assert.Equal((2, 2), (d.Driver.Counters.FlushedEntries, d.Driver.Counters.LateEntries));
        Assert.Equal(["replay, get 4"], d.Gpu.Journal);
    }

    [Fact]
    public void Faults_that_cannot_be_served_are_cancelled_each_by_itself_and_weaker_ones_of_the_page_are_served()
    {
        using var d = new DriverFixture();
        VirtualAddress a = d.Map(1, Protection.Read);
        d.Fault(a + 4L, FaultAccess.Write);
        d.Fault(a + 8L, FaultAccess.Write);
        d.Fault(a + 12L, FaultAccess.Read);

        d.Driver.ServiceFaults();

        Assert.Equal([a + 4L, a + 8L], d.Gpu.Cancelled.Select(cancelled => cancelled.Report.Address));
        DriverCounters c = d.Driver.Counters;
        Assert.Equal((3, 2, 1, 1, 2), (c.Fetched, c.Duplicates, c.PagesMapped, c.Replays, c.Cancels));
    }

    [Fact]
    public void A_policy_that_does_not_exist_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new DriverFixture(new SvmDriverOptions { ReplayPolicy = (ReplayPolicy)4 }));

    private static VirtualAddress AtBlock(DriverFixture d, int blocks)
    {
        ulong start = 0x4000_0000;
        Assert.Equal(
            Errno.None, d.Mm.Map(start, (ulong)(blocks * BlockSize), Protection.ReadWrite, MapPlacement.Fixed, out VirtualAddress address));
        return address;
    }
}
