using GpuSvm.Core;
using GpuSvm.Mm;

namespace GpuSvm.Controls.Scenarios.Mm;

/// <summary>A mirror removes its notifier and is gone, while another thread invalidates the range all the time.</summary>
/// <remarks>A callback of a mirror that is gone, or one that still runs when it goes, is the defect.</remarks>
public sealed class NotifierRemovalScenario : IControlScenario
{
    private static readonly AddressRange Range = new(0x1000UL, 0x2000UL);
    private readonly IntervalNotifiers _notifiers = new();
    private bool _stop;
    private long _invalidations;

    /// <inheritdoc/>
    public string Name => "notifier-removal";

    /// <inheritdoc/>
    public Verdict Run(Deadline deadline, TextWriter log)
    {
        SvmThread invalidator = SvmThread.Start("invalidator", Invalidate);
        long removals = 0;
        long callbacks = 0;
        long late = 0;
        while (!deadline.HasPassed && late == 0)
        {
            var mirror = new Mirror();
            var notifier = new IntervalNotifier(mirror);
            _notifiers.Insert(notifier, Range);
            Thread.SpinWait(2000);
            _notifiers.Remove(notifier);
            mirror.Close();
            Thread.SpinWait(2000);
            removals++;
            callbacks += mirror.Callbacks;
            late += mirror.LateCallbacks;
        }

        Volatile.Write(ref _stop, true);
        invalidator.Join();
        log.WriteLine($"{removals} removals, {_invalidations} invalidations, {callbacks} callbacks, {late} of them late");
        return late > 0 ? Verdict.Caught : callbacks > 10 ? Verdict.Clean : Verdict.Inconclusive;
    }

    private void Invalidate()
    {
        while (!Volatile.Read(ref _stop))
        {
            _notifiers.Begin(new Invalidation(Range, InvalidationCause.Unmap), out InvalidationScope scope);
            scope.Dispose();
            _invalidations++;
        }
    }

    private sealed class Mirror : IMirror
    {
        private long _lateCallbacks;
        private long _callbacks;
        private bool _isClosed;

        public RankedLock UpdateLock { get; } = new(LockRank.Update);

        public long Callbacks => Volatile.Read(ref _callbacks);

        public long LateCallbacks => Volatile.Read(ref _lateCallbacks);

        public void Close() => Volatile.Write(ref _isClosed, true);

        public bool Invalidate(IntervalNotifier notifier, in Invalidation invalidation)
        {
            Interlocked.Increment(ref _callbacks);
            Thread.SpinWait(1000);
            if (Volatile.Read(ref _isClosed))
            {
                Interlocked.Increment(ref _lateCallbacks);
            }

            return true;
        }
    }
}
