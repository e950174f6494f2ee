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
            mirror.WaitForCallback();
            _notifiers.Remove(notifier);
            mirror.Close();
            mirror.WaitForNoCallback();
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
        /// <summary>How often a callback looks whether its mirror has gone, and how often a wait for one looks for it.</summary>
        private const int Looks = 200;

        private long _lateCallbacks;
        private long _callbacks;
        private bool _isClosed;
        private bool _isInCallback;

        public RankedLock UpdateLock { get; } = new(LockRank.Update);

        public long Callbacks => Volatile.Read(ref _callbacks);

        public long LateCallbacks => Volatile.Read(ref _lateCallbacks);

        public void Close() => Volatile.Write(ref _isClosed, true);

        public bool Invalidate(IntervalNotifier notifier, in Invalidation invalidation)
        {
            Interlocked.Increment(ref _callbacks);
            Volatile.Write(ref _isInCallback, true);
            for (int i = 0; i < Looks / 10 && !Volatile.Read(ref _isClosed); i++)
            {
                Thread.Yield();
            }

            if (Volatile.Read(ref _isClosed))
            {
                Interlocked.Increment(ref _lateCallbacks);
            }

            Volatile.Write(ref _isInCallback, false);
            return true;
        }

        /// <summary>Waits for a while until a callback is under way, so that the removal comes in the middle of it.</summary>
        public void WaitForCallback()
        {
            for (int i = 0; i < Looks && !Volatile.Read(ref _isInCallback); i++)
            {
                Thread.Yield();
            }
        }

        /// <summary>Waits until the callback that was under way has ended.</summary>
        public void WaitForNoCallback()
        {
            while (Volatile.Read(ref _isInCallback))
            {
                Thread.Yield();
            }
        }
    }
}
