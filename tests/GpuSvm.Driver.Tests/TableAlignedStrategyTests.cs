using GpuSvm.Driver.Tests.Infrastructure;

namespace GpuSvm.Driver.Tests;

/// <summary>Intervals on the grid of the GPU's page table: one place each, never cut, gone when their node is empty.</summary>
public sealed class TableAlignedStrategyTests
{
    private const ulong Node = 2 << 20;
    private static readonly SvmDriverOptions Options = new()
    {
        Strategy = static (mm, mirror) => new TableAlignedStrategy(mm, mirror, ByteSize.MiB(2)),
    };

    [Fact]
    public void Mappings_of_one_node_share_an_interval_and_one_mapping_of_three_nodes_has_three()
    {
        using var d = new DriverFixture(Options);
        MapAt(d, Node, 1);
        MapAt(d, Node + (5 * Page.Size), 1);
        MapAt(d, (6 * Node) - Page.Size, (int)(Node / Page.Size) + 2);
        Fault(d, Node, Node + (5 * Page.Size), (6 * Node) - Page.Size, 6 * Node, 7 * Node);

        Assert.Equal(("table-aligned", 4, 5), (d.Client.StrategyName, d.Mm.Notifiers.Count, d.Driver.MappedPages));
        Assert.Equal(4, d.Client.MirrorStatistics.Notifiers);
    }

    [Fact]
    public void An_unmap_of_a_part_neither_cuts_the_interval_nor_removes_it_and_that_of_the_last_entry_does()
    {
        using var d = new DriverFixture(Options);
        MapAt(d, Node, 4);
        Fault(d, Node, Node + Page.Size, Node + (3 * Page.Size));
        var strategy = (TableAlignedStrategy)d.Client.Strategy;
        Assert.Equal(Errno.None, strategy.TryAcquire(AddressRange.PageAt(Node), worker: 0, out MirrorInterval interval));

        d.Mm.Unmap(Node + Page.Size, Page.Size);
        Assert.Equal((1, 2, false), (d.Mm.Notifiers.Count, d.Driver.MappedPages, interval.Notifier.IsRemoved));
        Assert.Equal(new AddressRange(Node, 2 * Node), interval.Notifier.Range);

        // Bytes that are given up leave an empty node, which the next fault will want: only an unmap takes it away.
        d.Mm.Discard(Node, Page.Size);
        d.Mm.Discard(Node + (3 * Page.Size), Page.Size);
        Assert.Equal((1, 0), (d.Mm.Notifiers.Count, d.Driver.MappedPages));
        d.Mm.Unmap(Node, Page.Size);
        Assert.Equal((0, true), (d.Mm.Notifiers.Count, interval.Notifier.IsRemoved));

        // Three callbacks dropped a page; the last unmap found none.
        Assert.Equal((0, 4L, 1L), Counts(d));
        Assert.Equal(Errno.None, strategy.TryAcquire(AddressRange.PageAt(Node + (2 * Page.Size)), worker: 0, out MirrorInterval next));
        Assert.NotSame(interval.Notifier, next.Notifier);
        Assert.Equal(Errno.EFAULT, strategy.TryAcquire(AddressRange.PageAt(4 * Node), worker: 0, out _));
        Assert.Equal(1, strategy.Intervals);
    }

    [Fact]
    public void A_change_of_another_mapping_in_the_node_is_told_in_vain()
    {
        using var d = new DriverFixture(Options);
        MapAt(d, Node, 1);
        MapAt(d, Node + (8 * Page.Size), 4);
        d.Cpu.Thread(0).Store(Node + (8 * Page.Size), 1L);
        Fault(d, Node);
        d.Mm.Discard(Node + (8 * Page.Size), Page.Size);
        Assert.Equal((1, 1L, 1L), Counts(d));
        d.Mm.Unmap(Node + (8 * Page.Size), 4 * Page.Size);
        Assert.Equal((1, 2L, 2L), Counts(d));
        d.Mm.Discard(Node, Page.Size);
        Assert.Equal((1, 3L, 2L), Counts(d));
    }

    [Fact]
    public void A_removal_waits_for_the_invalidations_that_run_and_a_fault_meanwhile_makes_an_interval_of_its_own()
    {
        using var d = new DriverFixture(Options);
        MapAt(d, Node, 2);
        Fault(d, Node);
        var strategy = (TableAlignedStrategy)d.Client.Strategy;
        Assert.Equal(Errno.None, strategy.TryAcquire(AddressRange.PageAt(Node), worker: 0, out MirrorInterval old));
        var other = new Invalidation(AddressRange.PageAt(Node), InvalidationCause.Clear);
        Assert.Equal(Errno.None, d.Mm.Notifiers.Begin(other, out InvalidationScope scope));
        d.Mm.Unmap(Node, Page.Size);
        Assert.Equal((1, true, 1), (d.Mm.Notifiers.Count, old.Notifier.IsRemoved, strategy.Intervals));

        Assert.Equal(Errno.None, strategy.TryAcquire(AddressRange.PageAt(Node + Page.Size), worker: 0, out MirrorInterval young));
        Assert.Equal((1, 2), (d.Mm.Notifiers.Count, strategy.Intervals));
        Assert.False(young.Notifier.TryReadBegin(Clock.Monotonic.After(TimeSpan.Zero), out _));
        scope.Dispose();
        Assert.Equal((1, 1), (d.Mm.Notifiers.Count, strategy.Intervals));

        // The old one confirms nothing to whoever holds it still; the young one does.
        Assert.True(old.Notifier.TryReadBegin(Clock.Monotonic.After(TimeSpan.Zero), out long before));
        Assert.True(young.Notifier.TryReadBegin(Clock.Monotonic.After(TimeSpan.Zero), out long sequence));
        using (d.Client.Mirror.UpdateLock.Enter())
        {
            Assert.Equal((true, false), (old.Notifier.ReadRetry(before), young.Notifier.ReadRetry(sequence)));
            Assert.Equal((false, true), (old.Guards(AddressRange.PageAt(Node)), young.Guards(AddressRange.PageAt(Node))));
        }
    }

    [Fact]
    public void Closing_waits_for_an_invalidation_that_runs()
    {
        using var d = new DriverFixture(Options);
        MapAt(d, Node, 1);
        Fault(d, Node);
        var strategy = (TableAlignedStrategy)d.Client.Strategy;
        var change = new Invalidation(AddressRange.PageAt(Node), InvalidationCause.Clear);
        Assert.Equal(Errno.None, d.Mm.Notifiers.Begin(change, out InvalidationScope scope));
        int left = -1;
        SvmThread closing = SvmThread.Start("closing", () =>
        {
            d.Driver.Close(d.Client);
            left = strategy.Intervals;
        });
        var spin = default(Spin);
        while (!closed(strategy))
        {
            spin.Once();
        }

        Assert.Equal((1, 1, -1), (strategy.Intervals, d.Mm.Notifiers.Count, left));
        scope.Dispose();
        closing.Join();
        Assert.Equal((0, 0), (left, d.Mm.Notifiers.Count));

        // It has come as far as to ask for the removal.
        bool closed(TableAlignedStrategy of) => !d.Mm.Notifiers.TryFind(of, new AddressRange(0UL, ulong.MaxValue), out _);
    }

    [Fact]
    public void Two_levels_hold_every_node_of_the_GPUs_addresses()
    {
        using var d = new DriverFixture();
        foreach (ulong size in new ulong[] { Node, 1UL << 30, d.Client.Mirror.Bounds.Length })
        {
            var table = new NodeTable(d.Client.Mirror.Bounds, size);
            ulong last = d.Client.Mirror.Bounds.End - Page.Size;
            Assert.Null(table.Read(last));
            var notifier = new IntervalNotifier((IMirror)d.Client.Strategy);
            table.Write(last, notifier);
            Assert.Same(notifier, table.Read(d.Client.Mirror.Bounds.End - size));
            Assert.Equal(new AddressRange(d.Client.Mirror.Bounds.End - size, d.Client.Mirror.Bounds.End), table.RangeAround(last));
            Assert.InRange(table.Bytes, 8, 400_000);
            Assert.Equal([notifier], table.TakeAll());
            Assert.Equal([], table.TakeAll());
        }
    }

    [Fact]
    public void A_node_is_a_power_of_two_from_2_MiB_up_to_all_that_the_GPU_can_translate()
    {
        using var d = new DriverFixture();
        GpuMirror mirror = d.Client.Mirror;
        foreach (ulong size in new ulong[] { 0, 1 << 20, 3 << 20, 2 * mirror.Bounds.Length })
        {
            Assert.Throws<ArgumentOutOfRangeException>(() => new TableAlignedStrategy(d.Mm, mirror, size));
        }

        Assert.Equal(1UL << 30, TableAlignedStrategy.DefaultNodeSize.Bytes);
    }

    private static (int Notifiers, long Callbacks, long InVain) Counts(DriverFixture d)
    {
        MirrorStatistics all = d.Client.MirrorStatistics;
        return (all.Notifiers, all.Callbacks, all.CallbacksInVain);
    }

    private static void MapAt(DriverFixture d, VirtualAddress address, int pages) =>
        Assert.Equal(Errno.None, d.Mm.Map(address, (ulong)pages * Page.Size, Protection.ReadWrite, MapPlacement.Fixed, out _));

    private static void Fault(DriverFixture d, params ReadOnlySpan<ulong> pages)
    {
        foreach (ulong page in pages)
        {
            d.Fault(page, FaultAccess.Write);
        }

        d.Driver.ServiceFaults();
    }
}
