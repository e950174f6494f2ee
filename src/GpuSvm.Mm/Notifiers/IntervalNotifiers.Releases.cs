namespace GpuSvm.Mm;

/// <content>What happens once a notifier that was removed without waiting has left, and the barrier for that.</content>
public sealed partial class IntervalNotifiers
{
    private readonly Queue<IntervalNotifier> _retired = new();
    private long _retirements;
    private long _releases;
    private bool _isReleasing;

    /// <summary>Waits until every change that was put off before the call is done, with the calls of <see cref="IMirror.Released"/>.</summary>
    /// <remarks>
    /// Whoever has removed all its notifiers by <see cref="RemoveDeferred"/> may be freed afterwards: nothing reaches it any more.
    /// Locking: waits, as long as the invalidations that run take, so no lock from the page locks on may be held and no lock that a
    /// callback takes; never from a callback.
    /// </remarks>
    public void Synchronize()
    {
        HeldLocks.AssertNoneAtOrAbove(LockRank.Page, "Deferred changes are waited for");
        if (Breaks.NoTeardownBarrier)
        {
            return;
        }

        using (_lock.Enter())
        {
            if (IsFrozen)
            {
                WaitForEndOf(_sequence);
            }

            long asked = _retirements;
            while (_releases < asked && !Breaks.RemoveDoesNotWait)
            {
                _ended.Wait(Clock.Monotonic.After(Slice));
            }
        }
    }

    private void Retire(IntervalNotifier notifier)
    {
        notifier.Pending = NotifierChange.None;
        notifier.Owner = null;
        _retired.Enqueue(notifier);
        _retirements++;
    }

    /// <summary>True if the calling thread is to release those that have left: one thread does at a time, so that they go in order.</summary>
    private bool BeginReleases()
    {
        bool begins = _retired.Count > 0 && !_isReleasing;
        _isReleasing |= begins;
        return begins;
    }

    private void ReleaseRetired()
    {
        while (true)
        {
            IntervalNotifier? notifier;
            using (_lock.Enter())
            {
                if (!_retired.TryDequeue(out notifier))
                {
                    _isReleasing = false;
                    return;
                }
            }

            bool returned = false;
            try
            {
                Release(notifier);
                returned = true;
            }
            finally
            {
                using (_lock.Enter())
                {
                    _releases++;
                }

                _ended.WakeAll();
                if (!returned)
                {
                    // The exception goes on, but those behind must not wait for a thread that has gone.
                    ReleaseRetired();
                }
            }
        }
    }

    private static void Release(IntervalNotifier notifier)
    {
        if (Checks.Enabled)
        {
            // The thread may hold the update lock or not; what a mirror does here must be right in both cases.
            HeldLocks.AcquireTried(notifier, LockRank.Update);
        }

        try
        {
            notifier.Mirror.Released(notifier);
        }
        finally
        {
            if (Checks.Enabled)
            {
                HeldLocks.Release(notifier);
            }
        }
    }
}
