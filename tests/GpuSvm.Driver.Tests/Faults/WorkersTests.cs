using GpuSvm.Driver.Tests.Infrastructure;
using GpuSvm.Telemetry;

namespace GpuSvm.Driver.Tests.Faults;

/// <summary>Several workers serve the blocks of a batch: what comes of it is what one would have made.</summary>
public sealed class WorkersTests
{
    private const int Blocks = 6;
    private const ulong BlockSize = 2UL << 20;

    public static TheoryData<string> All => StrategyCases.All;

    [Theory]
    [MemberData(nameof(All))]
    public void Workers_share_the_blocks_of_a_batch_and_each_is_served_once(string strategy)
    {
        const int Rounds = 100;
        using DriverFixture d = Make(strategy, ReplayPolicy.BatchFlush, out VirtualAddress a);
        for (int round = 0; round < Rounds; round++)
        {
            Report(d, a);
            d.Driver.ServiceFaults();
            Assert.Equal(Blocks * 4, d.Driver.MappedPages);
            Assert.Equal(Errno.None, d.Mm.Discard(a, Blocks * BlockSize));
        }

        DriverCounters c = d.Driver.Counters;
        Assert.Equal((Rounds * Blocks * 6L, Rounds * (long)Blocks, Rounds * Blocks * 4L), (c.Fetched, c.Duplicates, c.PagesMapped));
        Assert.Equal((Rounds * (long)Blocks, (long)Rounds, 0L), (c.Cancels, c.Replays, c.Retries));
    }

    [Fact]
    public void While_one_worker_serves_a_block_another_serves_the_next_and_the_trace_shows_both_at_the_same_time()
    {
        var events = new EventStream(1024);
        MeetingStrategy? strategy = null;
        using var d = new DriverFixture(new SvmDriverOptions
        {
            Workers = 2,
            FaultsPerHelper = 1,
            Events = events,
            Strategy = (mm, mirror) => strategy = new MeetingStrategy(new PerFaultStrategy(mm, mirror)),
        });
        VirtualAddress a = d.MapBlocks(Blocks);
        for (ulong block = 0; block < Blocks; block++)
        {
            d.Fault(a + (block * BlockSize), FaultAccess.Write);
        }

        d.Driver.ServiceFaults();

        Assert.True(strategy!.HaveMet);
        Assert.Empty(strategy.ServedTwice);
        Assert.Equal(((long)Blocks, 1), (d.Driver.Counters.PagesMapped, d.Gpu.Replays));
        Service[] services = ServicesIn(events);
        Assert.Equal(
            Enumerable.Range(0, Blocks).Select(block => a.Value + ((ulong)block * BlockSize)), services.Select(service => service.Block).Order());
        Assert.Equal([EventTrack.Worker(0), EventTrack.Worker(1)], services.Select(service => service.Worker).Distinct().OrderBy(track => track.Index));
        Assert.Contains(
            services.SelectMany(one => services.Select(other => (one, other))),
            static pair => pair.one.Worker != pair.other.Worker && pair.one.Begin < pair.other.Begin && pair.other.Begin < pair.one.End);
    }

    [Theory]
    [InlineData(ReplayPolicy.Batch)]
    [InlineData(ReplayPolicy.Once)]
    public void What_cannot_be_served_is_cancelled_in_the_order_of_addresses(ReplayPolicy policy)
    {
        using DriverFixture d = Make("per-fault", policy, out VirtualAddress a);
        Report(d, a);

        d.Driver.ServiceFaults();

        Assert.Equal(
            Enumerable.Range(0, Blocks).Select(block => a + ((ulong)block * BlockSize) + (9 * Page.Size)),
            d.Gpu.Cancelled.Select(cancelled => cancelled.Report.Address));
        Assert.Equal(1, d.Gpu.Replays);
    }

    [Fact]
    public void By_blocks_there_is_a_replay_for_each_block_at_most()
    {
        using DriverFixture d = Make("per-fault", ReplayPolicy.Block, out VirtualAddress a);
        Report(d, a);

        d.Driver.ServiceFaults();

        Assert.InRange(d.Gpu.Replays, 1, Blocks);
        Assert.Equal(Blocks * 4, d.Driver.Counters.PagesMapped);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(17)]
    public void There_are_one_to_sixteen_workers(int workers) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new SvmDriver(new ScriptedGpu(), new SvmDriverOptions { Workers = workers }));

    [Fact]
    public void A_strategy_that_throws_in_a_worker_ends_the_call_and_every_worker()
    {
        using var d = new DriverFixture(new SvmDriverOptions
        {
            Workers = 3,
            FaultsPerHelper = 1,
            Strategy = static (mm, mirror) => new ThrowingStrategy(new PerFaultStrategy(mm, mirror)),
        });
        VirtualAddress a = d.MapBlocks(Blocks);
        for (ulong block = 0; block < Blocks; block++)
        {
            d.Fault(a + (block * BlockSize), FaultAccess.Write);
        }

        Assert.Throws<InvalidOperationException>(d.Driver.ServiceFaults);
        d.Driver.ServiceFaults();
    }

    private static DriverFixture Make(string strategy, ReplayPolicy policy, out VirtualAddress a)
    {
        var options = new SvmDriverOptions { Workers = 3, FaultsPerHelper = 1, ReplayPolicy = policy };
        var d = new DriverFixture(StrategyCases.On(strategy, options));
        a = d.MapBlocks(Blocks);
        for (ulong block = 0; block < Blocks; block++)
        {
            Assert.Equal(Errno.None, d.Mm.Protect(a + (block * BlockSize) + (9 * Page.Size), Page.Size, Protection.None));
        }

        return d;
    }

    /// <summary>Six faults in each block: four pages, one of them twice, and one that must not be touched.</summary>
    private static void Report(DriverFixture d, VirtualAddress a)
    {
        foreach (ulong page in (ulong[])[0, 1, 2, 500, 1, 9])
        {
            for (ulong block = 0; block < Blocks; block++)
            {
                d.Fault(a + (block * BlockSize) + (page * Page.Size), FaultAccess.Write);
            }
        }
    }

    /// <summary>What a stream tells of each block that was served: by whom, from when to when.</summary>
    private static Service[] ServicesIn(EventStream events)
    {
        var told = new SvmEvent[1024];
        SvmEvent[] services = [.. told.Take(events.Drain(told)).Where(happened => happened.Kind == EventKind.Service)];
        return
        [
            .. services.Where(happened => happened.Phase == EventPhase.Begin).Select(begin => new Service(
                begin.Track,
                begin.Address,
                begin.Nanoseconds,
                services.Single(end => end.Phase == EventPhase.End && end.Address == begin.Address && end.Track == begin.Track).Nanoseconds)),
        ];
    }

    private sealed record Service(EventTrack Worker, ulong Block, long Begin, long End);

    private sealed class ThrowingStrategy(PerFaultStrategy inner) : IMirrorStrategy
    {
        public string Name => "throwing";

        public MirrorStatistics Statistics => inner.Statistics;

        public Errno TryAcquire(AddressRange wanted, int worker, out MirrorInterval interval) =>
            throw new InvalidOperationException("This strategy never works.");

        public void Release(in MirrorInterval interval) => inner.Release(interval);

        public void Dispose() => inner.Dispose();
    }
}
