namespace GpuSvm.Mm;

/// <content>What a mirror asks for inside a callback: changes that are put off while the set is frozen.</content>
/// <remarks>
/// <see cref="Insert"/> belongs to them: it never waits either. Source: "mm/mmu_notifier: add mmu_interval_notifier_put() and update()"
/// (R. Campbell, 2020), and its review, whose words these are: remove deferred, and a barrier.
/// </remarks>
public sealed partial class IntervalNotifiers
{
    /// <summary>Gives a notifier another range: at once, or when the last invalidation ends if the set is frozen.</summary>
    /// <param name="notifier">Inserted here; its removal was not asked for.</param>
    /// <param name="range">The addresses whose changes it hears of from then on.</param>
    /// <returns><see cref="Errno.EOVERFLOW"/> for an empty range.</returns>
    /// <exception cref="InvalidOperationException">The notifier is not inserted here, or leaves.</exception>
    /// <remarks>
    /// Until it is done, invalidations of the old range reach the notifier too. A range that reaches beyond the old one counts as being
    /// invalidated, so that readers wait until it is done. What the mirror holds outside the new range it drops before the call:
    /// a change may go by at once. Locking: the mirror's update lock is held. Never waits; may be called from a callback.
    /// </remarks>
    public Errno Resize(IntervalNotifier notifier, AddressRange range)
    {
        ArgumentNullException.ThrowIfNull(notifier);
        notifier.Mirror.UpdateLock.AssertHeld();
        if (range.IsEmpty)
        {
            return Errno.EOVERFLOW;
        }

        using (_lock.Enter())
        {
            ThrowUnlessStaying(notifier);
            bool grows = !notifier.Range.Contains(range);
            notifier.Range = range;
            if (IsFrozen)
            {
                if (notifier.Pending == NotifierChange.None)
                {
                    PutOff(notifier, NotifierChange.Resize);
                }
            }
            else
            {
                Leave(notifier);
                Enter(notifier);
                if (grows && _active > 0)
                {
                    // As in Insert: it has not heard of the invalidations that run, so the set is frozen from here on.
                    SharedWord.Write(ref _sequence, _sequence | 1);
                }
            }

            if (grows && IsFrozen)
            {
                notifier.Sequence = _sequence;
            }

            return Errno.None;
        }
    }

    /// <summary>Takes a notifier out without waiting: at once, or when the last invalidation ends if the set is frozen.</summary>
    /// <param name="notifier">Inserted here; its removal was not asked for.</param>
    /// <exception cref="InvalidOperationException">The notifier is not inserted here, or leaves already.</exception>
    /// <remarks>
    /// <para>
    /// From now on nothing that was or will be read under the notifier is confirmed (<see cref="IntervalNotifier.IsRemoved"/>), and
    /// <see cref="TryFind"/> does not find it. Its callback may still run. Once none runs or will run, <see cref="IMirror.Released"/> is
    /// called; when it has returned is what <see cref="Synchronize"/> waits for.
    /// </para>
    /// <para>
    /// What the mirror holds under the notifier it drops before the call: a change may go by at once, while the caller still has the update
    /// lock. Locking: the mirror's update lock is held. Never waits; may be called from a callback.
    /// </para>
    /// </remarks>
    public void RemoveDeferred(IntervalNotifier notifier)
    {
        ArgumentNullException.ThrowIfNull(notifier);
        notifier.Mirror.UpdateLock.AssertHeld();
        bool releases;
        using (_lock.Enter())
        {
            ThrowUnlessStaying(notifier);
            notifier.Sequence = Breaks.RemovedIntervalConfirms ? notifier.Sequence : IntervalNotifier.Gone;
            if (notifier.Pending == NotifierChange.Enter)
            {
                _deferred.Remove(notifier);
                Retire(notifier);
            }
            else if (IsFrozen)
            {
                PutOff(notifier, NotifierChange.Release);
            }
            else
            {
                Leave(notifier);
                Retire(notifier);
            }

            releases = BeginReleases();
        }

        if (releases)
        {
            ReleaseRetired();
        }
    }

    private void ThrowUnlessStaying(IntervalNotifier notifier)
    {
        if (notifier.Owner != this || notifier.IsLeaving)
        {
            throw new InvalidOperationException("The notifier is not inserted here, or leaves already.");
        }
    }

    /// <summary>Has a change made when the set may change; a notifier stands in the list once.</summary>
    private void PutOff(IntervalNotifier notifier, NotifierChange change)
    {
        if (notifier.Pending == NotifierChange.None)
        {
            _deferred.Add(notifier);
        }

        notifier.Pending = change;
    }

    /// <summary>Makes the changes that were put off. Under the lock, when no invalidation walks the set any more.</summary>
    private void ApplyDeferred()
    {
        foreach (IntervalNotifier notifier in _deferred)
        {
            switch (notifier.Pending)
            {
                case NotifierChange.Enter when Breaks.DeferredInsertLost:
                    notifier.Pending = NotifierChange.None;
                    break;

                case NotifierChange.Enter:
                    Enter(notifier);
                    notifier.Pending = NotifierChange.None;
                    break;

                case NotifierChange.Resize:
                    Leave(notifier);
                    Enter(notifier);
                    notifier.Pending = NotifierChange.None;
                    break;

                case NotifierChange.Leave:
                    // It stays marked until the thread that waits goes on: a second removal is misuse until then.
                    Leave(notifier);
                    break;

                case NotifierChange.Release:
                    Leave(notifier);
                    Retire(notifier);
                    break;
            }
        }

        _deferred.Clear();
    }
}
