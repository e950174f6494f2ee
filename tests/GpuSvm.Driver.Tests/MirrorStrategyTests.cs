using GpuSvm.Driver.Tests.Infrastructure;

namespace GpuSvm.Driver.Tests;

/// <summary>The same work on every strategy: what follows from it differs only in what following costs.</summary>
public sealed class MirrorStrategyTests
{
    public static TheoryData<string> Names => [.. MirrorStrategies.All.Select(strategy => strategy.Key)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_strategy_is_listed_under_its_name(string name)
    {
        using DriverFixture d = FixtureOf(name);
        Assert.Equal(name, d.Client.StrategyName);
    }

    /// <summary>To make a page exclusive is an invalidation of its own: a mirror that heard of it could never map the page.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void An_atomic_access_is_served_at_the_first_try(string name)
    {
        using DriverFixture d = FixtureOf(name);
        VirtualAddress a = d.Map(2);
        d.Fault(a, FaultAccess.Atomic);
        d.Fault(a + Page.Size, FaultAccess.Read);
        d.Driver.ServiceFaults();
        Assert.Equal((2L, 2L, 1L, 0L), (d.Driver.MappedPages, d.Driver.Counters.PagesMapped, d.Driver.Counters.Replays, d.Driver.Counters.Deferred));
    }

    /// <summary>Three mappings of four pages, a page of two of them on the GPU; then a page without entry changes, and one with.</summary>
    [Theory]
    [InlineData("per-fault", 1, 4, 3)]
    [InlineData("vma-sized", 2, 2, 1)]
    [InlineData("table-aligned", 1, 4, 3)]
    [InlineData("sized-ranges", 1, 4, 3)]
    public void Callbacks_in_vain_are_those_that_find_no_entry_of_the_GPU(string name, int notifiers, long callbacks, long inVain)
    {
        using DriverFixture d = FixtureOf(name);
        VirtualAddress[] mappings = [0x40_0000, 0x50_0000, 0x60_0000];
        foreach (VirtualAddress mapping in mappings)
        {
            Assert.Equal(Errno.None, d.Mm.Map(mapping, 4 * Page.Size, Protection.ReadWrite, MapPlacement.Fixed, out _));
            d.Cpu.Thread(0).Store(mapping + Page.Size, 1L);
        }

        d.Fault(mappings[0], FaultAccess.Write);
        d.Fault(mappings[1], FaultAccess.Write);
        d.Driver.ServiceFaults();
        MirrorStatistics before = d.Client.MirrorStatistics;

        d.Mm.Discard(mappings[0] + Page.Size, Page.Size);
        d.Mm.Discard(mappings[2] + Page.Size, Page.Size);
        d.Mm.Unmap(mappings[2], 4 * Page.Size);
        d.Mm.Discard(mappings[1], Page.Size);

        MirrorStatistics after = d.Client.MirrorStatistics;
        Assert.Equal(1, d.Driver.MappedPages);
        Assert.Equal(
            (notifiers, callbacks, inVain),
            (after.Notifiers, after.Callbacks - before.Callbacks, after.CallbacksInVain - before.CallbacksInVain));
    }

    [Theory]
    [InlineData("per-fault")]
    [InlineData("vma-sized")]
    [InlineData("table-aligned")]
    [InlineData("sized-ranges")]
    public void Workers_acquire_at_the_same_time_and_none_gets_an_interval_that_does_not_guard_its_page(string name)
    {
        const int Workers = 3;
        const int Rounds = 2000;
        using var d = new DriverFixture();
        var mirror = new GpuMirror(d.Client.Mirror.Space, default, Workers) { Device = new MirrorDevice(d.Gpu.Dma, null, null, new SvmRangeOptions()) };
        IMirrorStrategy strategy = FactoryOf(name)(d.Mm, mirror);
        for (ulong block = 1; block <= Workers; block++)
        {
            Assert.Equal(Errno.None, d.Mm.Map(block << 21, 1UL << 21, Protection.ReadWrite, MapPlacement.Fixed, out _));
        }

        int good = 0;
        SvmThread[] workers = [.. Enumerable.Range(0, Workers).Select(worker => SvmThread.Start($"worker {worker}", () =>
        {
            var random = new SeededRandom((ulong)worker);
            for (int i = 0; i < Rounds; i++)
            {
                var wanted = AddressRange.FromLength(((ulong)(worker + 1) << 21) + (random.Next(512UL) * Page.Size), Page.Size);
                if (strategy.TryAcquire(wanted, worker, out MirrorInterval interval) != Errno.None)
                {
                    continue;
                }

                using (mirror.UpdateLock.Enter())
                {
                    good += interval.Guards(wanted) ? 1 : 0;
                }

                strategy.Release(interval);
            }
        }))];
        Array.ForEach(workers, worker => worker.Join());
        strategy.Dispose();
        Assert.Equal((Workers * Rounds, 0), (good, d.Mm.Notifiers.Count));
    }

    /// <summary>Arrays that double have allocated twice what they hold in the end.</summary>
    [Fact]
    public void An_interval_takes_the_bytes_of_its_object_and_of_its_place_in_the_tree()
    {
        const int Intervals = 1023;
        using var d = new DriverFixture();
        var mirror = (IMirror)d.Client.Strategy;
        var notifiers = new IntervalNotifier[Intervals];
        long objects = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < Intervals; i++)
        {
            notifiers[i] = new IntervalNotifier(mirror);
        }

        objects = GC.GetAllocatedBytesForCurrentThread() - objects;
        long tree = GC.GetAllocatedBytesForCurrentThread();
        var intervals = new IntervalTree<IntervalNotifier>();
        for (int i = 0; i < Intervals; i++)
        {
            intervals.Insert(AddressRange.PageAt((ulong)i * Page.Size), notifiers[i]);
        }

        tree = (GC.GetAllocatedBytesForCurrentThread() - tree) / 2;
        Assert.InRange((objects + tree) / Intervals, CallbackCounts.BytesPerInterval - 16, CallbackCounts.BytesPerInterval + 16);
    }

    /// <summary>All in one notifier. The first time tables double, and have allocated twice what they hold in the end; the second time they have room.</summary>
    [Fact]
    public void A_range_takes_the_bytes_of_its_object_and_of_its_places_in_tree_and_table()
    {
        const int Ranges = 4095;
        const ulong Start = 1UL << 30;
        using DriverFixture d = FixtureOf("sized-ranges");
        Assert.Equal(Errno.None, d.Mm.Map(Start, 2 * (Ranges + 1) * Page.Size, Protection.ReadWrite, MapPlacement.Fixed, out _));
        SvmSpace space = ((SizedRangesStrategy)d.Client.Strategy).Space;
        var ranges = new SvmRange[Ranges + 1];
        Fill(0, 1);
        long first = Fill(1, Ranges);
        Assert.All(ranges[1..], range => Assert.True(space.Remove(range)));
        long objects = Fill(1, Ranges);

        Assert.InRange((objects + ((first - objects) / 2)) / Ranges, 280 - 24, 280 + 24);
        Assert.Equal(400 + (280L * (Ranges + 1)), d.Client.MirrorStatistics.BookkeepingBytes);

        long Fill(int from, int count)
        {
            long bytes = GC.GetAllocatedBytesForCurrentThread();
            for (int i = from; i < from + count; i++)
            {
                var page = AddressRange.PageAt(Start + (2 * (ulong)i * Page.Size));
                _ = space.FindOrInsert(page.Start, page, default, out ranges[i]!);
            }

            return GC.GetAllocatedBytesForCurrentThread() - bytes;
        }
    }

    [Theory]
    [InlineData("per-fault", 168, 168)]
    [InlineData("vma-sized", 0, 3 * 168)]
    [InlineData("table-aligned", 1024 * 8, (1024 * 8) + (512 * 8) + (3 * 168))]
    [InlineData("sized-ranges", 0, 3 * (400 + 280))]
    public void Bytes_of_bookkeeping_grow_with_intervals_that_last(string name, long before, long after)
    {
        const ulong Apart = 1UL << 30;
        using DriverFixture d = FixtureOf(name);
        Assert.Equal(before, d.Client.MirrorStatistics.BookkeepingBytes);
        for (ulong i = 1; i <= 3; i++)
        {
            Assert.Equal(Errno.None, d.Mm.Map(i * Apart, Page.Size, Protection.ReadWrite, MapPlacement.Fixed, out _));
            d.Fault(i * Apart, FaultAccess.Write);
        }

        d.Driver.ServiceFaults();
        Assert.Equal(after, d.Client.MirrorStatistics.BookkeepingBytes);
    }

    private static Func<AddressSpace, GpuMirror, IMirrorStrategy> FactoryOf(string name) =>
        MirrorStrategies.All.Single(strategy => strategy.Key == name).Value;

    private static DriverFixture FixtureOf(string name) => new(new SvmDriverOptions { Strategy = FactoryOf(name) });
}
