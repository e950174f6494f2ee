using GpuSvm.Driver.Tests.Infrastructure;

namespace GpuSvm.Driver.Tests;

/// <summary>A fault that collides with an invalidation is looked up again, and put off when that goes on too long.</summary>
public sealed class CollisionRetryTests
{
    [Fact]
    public void A_fault_that_meets_an_invalidation_is_put_off_or_served_when_that_ends_and_never_hangs()
    {
        using var d = new DriverFixture(new SvmDriverOptions { Timeout = TimeSpan.Zero, MaxDeferrals = 2 });
        VirtualAddress a = d.Map(1);
        Errno begun = d.Mm.Notifiers.Begin(new Invalidation(AddressRange.PageAt(a), InvalidationCause.Clear), out InvalidationScope scope);
        Assert.Equal(Errno.None, begun);

        // The servicer's interval is inserted while the invalidation runs, and can leave only once it has ended.
        SvmThread servicing = SvmThread.Start("servicer", () =>
        {
            d.Fault(a, FaultAccess.Write);
            d.Driver.ServiceFaults();
        });
        var spin = default(Spin);
        while (d.Gpu.Ring.GetWrites == 0)
        {
            spin.Once();
        }

        scope.Dispose();
        servicing.Join();
        Assert.Equal(1, d.Driver.Counters.Deferred + d.Driver.Counters.PagesMapped);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public void Pages_of_a_range_that_change_before_they_are_bound_are_got_again_as_often_as_they_change(int changes)
    {
        VirtualAddress a = default;
        int left = changes;
        DriverFixture? made = null;
        using var d = new DriverFixture(new SvmDriverOptions
        {
            Strategy = MirrorStrategies.SizedRanges,
            Ranges = new SvmRangeOptions
            {
                BeforeBind = () =>
                {
                    if (left > 0)
                    {
                        left--;
                        Assert.Equal(Errno.None, made!.Mm.Discard(a + Page.Size, Page.Size));
                    }
                },
            },
        });
        made = d;
        a = d.MapBlocks(1);
        d.Fault(a, FaultAccess.Write);
        d.Driver.ServiceFaults();

        // What does not change is mapped for DMA once; each change takes a page away, which comes again.
        DriverCounters c = d.Driver.Counters;
        Assert.Equal((changes, changes, 1L, 512L, 0L), (c.Ranges.Retries, c.Retries, c.Ranges.Bound, c.PagesMapped, c.Ranges.BoundAsTheyWere));
        Assert.Equal((0L, 0L, 512L, 512), (c.Deferred, c.Cancels, d.Driver.MappedPages, d.Frames.AllocatedFrames));
    }

    [Fact]
    public void A_fault_that_was_put_off_too_often_is_cancelled()
    {
        using var d = new DriverFixture(new SvmDriverOptions
        {
            Timeout = TimeSpan.Zero,
            MaxDeferrals = 2,
            Strategy = static (mm, mirror) => new VmaSizedStrategy(mm, mirror),
        });
        VirtualAddress a = d.Map(1);
        d.Fault(a, FaultAccess.Write);
        d.Driver.ServiceFaults();
        var change = new Invalidation(AddressRange.PageAt(a), InvalidationCause.Clear);
        Assert.Equal(Errno.None, d.Mm.Notifiers.Begin(change, out InvalidationScope scope));
        for (int i = 0; i < 3; i++)
        {
            d.Fault(a, FaultAccess.Write);
            d.Driver.ServiceFaults();
        }

        scope.Dispose();
        Assert.Equal((1, 2, 1), (d.Driver.Counters.PagesMapped, d.Driver.Counters.Deferred, d.Driver.Counters.Cancels));
    }

    [Fact]
    public void Deferrals_are_counted_per_page_and_forgotten_once_the_page_is_served()
    {
        var tracker = new ReturnTracker(limit: 2);
        FaultEntry first = EntryAt(0x1000);
        FaultEntry other = EntryAt(0x2000);

        Assert.False(tracker.Exceeds(first, round: 1));
        Assert.False(tracker.Exceeds(first, round: 2));
        Assert.False(tracker.Exceeds(first, round: 2));
        Assert.False(tracker.Exceeds(other, round: 2));
        Assert.True(tracker.Exceeds(first, round: 3));
        Assert.False(tracker.Exceeds(first, round: 4));
        tracker.Forget(other);
        Assert.False(tracker.Exceeds(other, round: 4));
        Assert.False(tracker.Exceeds(other, round: 5));
        Assert.True(tracker.Exceeds(other, round: 6));
        tracker.Forget(first);
        Assert.True(tracker.IsEmpty);
    }

    [Fact]
    public void A_channel_that_parts_takes_the_deferrals_of_its_pages_along_and_no_others()
    {
        var tracker = new ReturnTracker(limit: 1);
        FaultEntry[] faults = [EntryAt(0x1000), EntryAt(0x2000), EntryAt(0x1000, instance: 0x2000)];
        Assert.All(faults, fault => Assert.False(tracker.Exceeds(fault, round: 1)));

        tracker.Forget(new InstancePointer(0x1000));

        Assert.Equal([false, false, true], faults.Select(fault => tracker.Exceeds(fault, round: 2)));
    }

    [Fact]
    public void The_GPUs_entries_are_written_and_dropped_under_the_update_lock_only()
    {
        using var d = new DriverFixture();
        Assert.Throws<InvariantException>(() => d.Client.Mirror.Map(0x1000UL, new PfnEntry[1]));
        Assert.Throws<InvariantException>(() => d.Client.Mirror.Drop(new AddressRange(0x1000UL, 0x2000UL)));
    }

    [Fact]
    public void An_invalidation_drops_the_GPUs_entries_before_it_returns()
    {
        using var d = new DriverFixture();
        VirtualAddress a = d.Map(2);
        d.Fault(a, FaultAccess.Write);
        d.Fault(a + 4096L, FaultAccess.Write);
        d.Driver.ServiceFaults();
        Assert.Equal(2, d.Driver.MappedPages);

        Assert.Equal(Errno.None, d.Mm.Unmap(a, Page.Size));

        Assert.Equal(1, d.Driver.MappedPages);
        Assert.Equal(1, d.Gpu.Dma.MappedPages);
        Assert.Equal(1, d.Driver.Invalidations);
    }

    private static FaultEntry EntryAt(ulong address, ulong instance = 0x1000) =>
        new(new InstancePointer(instance), address, 0, 0, 0, false, FaultAccess.Read, 0, FaultType.Pte);
}
