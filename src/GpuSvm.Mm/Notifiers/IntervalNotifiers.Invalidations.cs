namespace GpuSvm.Mm;

/// <content>The course of an invalidation.</content>
public sealed partial class IntervalNotifiers
{
    /// <summary>Starts an invalidation: every interval notifier that it reaches, then every plain one, has been told on return.</summary>
    /// <param name="invalidation">What is about to change. Its range is not empty.</param>
    /// <param name="scope">Ends the invalidation when disposed; does nothing when the start was refused.</param>
    /// <returns>
    /// <see cref="Errno.EAGAIN"/> when the invalidation may not wait and somebody would have to; then it is over, and nothing may change.
    /// </returns>
    /// <remarks>
    /// When a callback throws, the invalidation is over as if it had been refused, and the exception goes on.
    /// Locking: takes the update lock of one mirror after the other. No lock from the CPU page table on may be held; never from a
    /// callback. Invalidations may be nested.
    /// </remarks>
    public Errno Begin(scoped in Invalidation invalidation, out InvalidationScope scope)
    {
        HeldLocks.AssertNoneAtOrAbove(LockRank.CpuPageTable, "An invalidation is opened");
        Checks.That(!invalidation.Range.IsEmpty, "An invalidation covers at least one byte.");
        scope = default;
        PlainNotifier[] plain = [];
        int heard = 0;
        bool started = false;
        try
        {
            if (StartIntervals(invalidation))
            {
                plain = SharedWord.Read(ref _plain);
                started = StartPlain(plain, invalidation, ref heard);
            }
        }
        finally
        {
            // Also where a callback throws: an invalidation that nobody ends would freeze the set, and all who wait, for ever.
            if (!started)
            {
                End(invalidation, plain.AsSpan(0, heard));
            }
        }

        if (!started)
        {
            return Errno.EAGAIN;
        }

        scope = new InvalidationScope(this, invalidation, plain);
        return Errno.None;
    }

    /// <summary>Refuses insertions from now on: the address space ends.</summary>
    internal void Close()
    {
        using (_lock.Enter())
        {
            _closed = true;
        }
    }

    /// <summary>Ends an invalidation.</summary>
    internal void End(in Invalidation invalidation, ReadOnlySpan<PlainNotifier> plain)
    {
        EndIntervals();
        EndPlain(plain, invalidation);
    }

    private bool StartIntervals(in Invalidation invalidation)
    {
        long current;
        bool reached;
        using (_lock.Enter())
        {
            _active++;
            reached = _tree.TryFindFirst(invalidation.Range, out _);
            if (reached)
            {
                SharedWord.Write(ref _sequence, _sequence | 1);
            }

            current = _sequence;
        }

        return !reached || TellIntervals(invalidation, current);
    }

    /// <summary>Tells every interval that an invalidation reaches; the set is frozen while it counts as active, so no lock is needed to walk it.</summary>
    private bool TellIntervals(in Invalidation invalidation, long current)
    {
        int told = 0;
        bool hasSecondPass = false;
        try
        {
            foreach (IntervalNotifier notifier in _tree.Overlaps(invalidation.Range))
            {
                if (!Invalidate(notifier, invalidation, current))
                {
                    Checks.That(
                        invalidation.Blocking == InvalidationBlocking.NonBlockable, "Only an invalidation that may not wait is refused.");
                    return false;
                }

                told++;
                hasSecondPass |= notifier.Mirror is ITwoPassMirror;
            }

            return true;
        }
        finally
        {
            if (hasSecondPass)
            {
                Finish(invalidation, told);
            }
        }
    }

    /// <summary>Makes the second pass over the first <paramref name="told"/> intervals.</summary>
    private void Finish(in Invalidation invalidation, int told)
    {
        foreach (IntervalNotifier notifier in _tree.Overlaps(invalidation.Range))
        {
            if (told-- == 0)
            {
                return;
            }

            if (!IsPassedOver(notifier, invalidation))
            {
                (notifier.Mirror as ITwoPassMirror)?.FinishInvalidation(notifier, invalidation);
            }
        }
    }

    /// <summary>Sets the notifier's sequence under the update lock, and has the mirror drop its entries.</summary>
    private static bool Invalidate(IntervalNotifier notifier, in Invalidation invalidation, long current)
    {
        if (IsPassedOver(notifier, invalidation))
        {
            return true;
        }

        if (invalidation.Blocking == InvalidationBlocking.Blockable)
        {
            return Breaks.SequenceAfterTheDrop
                ? InvalidateTooEarly(notifier, invalidation, current)
                : InvalidateUnderLock(notifier, invalidation, current);
        }

        bool entered = notifier.Mirror.UpdateLock.TryEnter(out RankedLock.Scope scope);
        using (scope)
        {
            if (!entered)
            {
                return false;
            }

            notifier.Reach(current);
            return notifier.Mirror.Invalidate(notifier, invalidation);
        }
    }

    /// <summary>True if a device gets a page for itself, and the mirror is its own.</summary>
    private static bool IsPassedOver(IntervalNotifier notifier, in Invalidation invalidation) =>
        invalidation.Cause == InvalidationCause.Exclusive && invalidation.Owner is { } owner && notifier.Mirror.Owner == owner;

    private static bool InvalidateUnderLock(IntervalNotifier notifier, in Invalidation invalidation, long current)
    {
        using (notifier.Mirror.UpdateLock.Enter())
        {
            notifier.Reach(current);
            return notifier.Mirror.Invalidate(notifier, invalidation);
        }
    }

    /// <summary>What <see cref="Breaks.SequenceAfterTheDrop"/> does: between the two a reader can map what it looked up before.</summary>
    private static bool InvalidateTooEarly(IntervalNotifier notifier, in Invalidation invalidation, long current)
    {
        using (notifier.Mirror.UpdateLock.Enter())
        {
            _ = notifier.Mirror.Invalidate(notifier, invalidation);
        }

        using (notifier.Mirror.UpdateLock.Enter())
        {
            notifier.Reach(current);
            return true;
        }
    }

    private void EndIntervals()
    {
        bool releases;
        using (_lock.Enter())
        {
            if (_active > 1 || !IsFrozen)
            {
                _active--;
                return;
            }

            // In this order: the sequence is odd only while an invalidation runs, also for who looks without the lock.
            SharedWord.Write(ref _sequence, _sequence + 1);
            _active--;
            ApplyDeferred();
            releases = BeginReleases();
        }

        _ended.WakeAll();
        if (releases)
        {
            ReleaseRetired();
        }
    }
}
