using GpuSvm.Driver.Tests.Infrastructure;

namespace GpuSvm.Driver.Tests;

/// <summary>An interval a fault: as long as what it maps, one for each worker, gone afterwards.</summary>
public sealed class PerFaultStrategyTests
{
    [Fact]
    public void Each_worker_holds_an_interval_of_its_own_and_it_guards_all_that_was_wanted()
    {
        using var d = new DriverFixture();
        var mirror = new GpuMirror(d.Client.Mirror.Space, default, workers: 2);
        using var strategy = new PerFaultStrategy(d.Mm, mirror);
        AddressRange[] wanted = [new(0x40_0000UL, 0x40_3000UL), new(0x60_0000UL, 0x80_0000UL)];
        Assert.Equal(Errno.None, strategy.TryAcquire(wanted[0], worker: 0, out MirrorInterval first));
        Assert.Equal(Errno.None, strategy.TryAcquire(wanted[1], worker: 1, out MirrorInterval second));
        Assert.Equal((wanted[0], wanted[1], 2), (first.Range, second.Range, d.Mm.Notifiers.Count));
        Deadline deadline = Clock.Monotonic.After(Deadline.Default);
        Assert.True(first.Notifier.TryReadBegin(deadline, out long one));
        Assert.True(second.Notifier.TryReadBegin(deadline, out long other));

        // The last page of one of them changes: only that worker has to look again.
        var change = new Invalidation(AddressRange.PageAt(0x7f_f000UL), InvalidationCause.Clear);
        Assert.Equal(Errno.None, d.Mm.Notifiers.Begin(change, out InvalidationScope scope));
        scope.Dispose();
        using (mirror.UpdateLock.Enter())
        {
            Assert.Equal((false, true), (first.Notifier.ReadRetry(one), second.Notifier.ReadRetry(other)));
            Assert.Equal((true, true), (first.Guards(wanted[0]), second.Guards(wanted[1])));
        }

        strategy.Release(first);
        strategy.Release(second);
        Assert.Equal(0, d.Mm.Notifiers.Count);
    }
}
