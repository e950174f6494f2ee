namespace GpuSvm.Mm;

/// <content>Plain notifiers, which hear of the whole address space.</content>
public sealed partial class IntervalNotifiers
{
    private PlainNotifier[] _plain = [];

    /// <summary>Adds a plain notifier; invalidations that run already do not reach it.</summary>
    /// <exception cref="InvalidOperationException">It is there already.</exception>
    public void AddPlain(IAddressSpaceNotifier notifier)
    {
        ArgumentNullException.ThrowIfNull(notifier);
        using (_lock.Enter())
        {
            if (Find(notifier) is not null)
            {
                throw new InvalidOperationException("The notifier was added already.");
            }

            SharedWord.Write(ref _plain, [.. _plain, new PlainNotifier(notifier)]);
        }
    }

    /// <summary>Removes a plain notifier and waits for its callbacks that run; it may have heard of starts whose end it misses.</summary>
    /// <exception cref="InvalidOperationException">It is not there.</exception>
    /// <remarks>Locking: waits, so no lock from the page locks on, and none that a callback takes, may be held; never from a callback.</remarks>
    public void RemovePlain(IAddressSpaceNotifier notifier)
    {
        ArgumentNullException.ThrowIfNull(notifier);
        HeldLocks.AssertNoneAtOrAbove(LockRank.Page, "A plain notifier is removed");
        using (_lock.Enter())
        {
            PlainNotifier plain = Find(notifier) ?? throw new InvalidOperationException("The notifier was not added.");
            plain.IsRemoved = true;
            SharedWord.Write(ref _plain, [.. _plain.Where(other => other != plain)]);
            while (plain.Running > 0 && !Breaks.RemoveDoesNotWait)
            {
                _ended.Wait(Clock.Monotonic.After(Slice));
            }
        }
    }

    /// <summary>Calls the starts in order, up to the first that refuses.</summary>
    /// <param name="plain">Who is called.</param>
    /// <param name="invalidation">What they hear.</param>
    /// <param name="heard">Number of notifiers that did not refuse; counted also up to one that throws.</param>
    /// <returns>True if none refused.</returns>
    private bool StartPlain(ReadOnlySpan<PlainNotifier> plain, in Invalidation invalidation, ref int heard)
    {
        for (; heard < plain.Length; heard++)
        {
            PlainNotifier notifier = plain[heard];
            if ((Breaks.OneMirrorTold && heard > 0) || !TryBeginCall(notifier))
            {
                continue;
            }

            try
            {
                if (!notifier.Notifier.InvalidateStart(invalidation))
                {
                    Checks.That(
                        invalidation.Blocking == InvalidationBlocking.NonBlockable, "Only an invalidation that may not wait is refused.");
                    return false;
                }
            }
            finally
            {
                EndCall(notifier);
            }
        }

        return true;
    }

    private void EndPlain(ReadOnlySpan<PlainNotifier> plain, in Invalidation invalidation)
    {
        foreach (PlainNotifier notifier in plain)
        {
            if (TryBeginCall(notifier))
            {
                try
                {
                    notifier.Notifier.InvalidateEnd(invalidation);
                }
                finally
                {
                    EndCall(notifier);
                }
            }
        }
    }

    private bool TryBeginCall(PlainNotifier notifier)
    {
        using (_lock.Enter())
        {
            if (notifier.IsRemoved)
            {
                return false;
            }

            notifier.Running++;
        }

        if (Checks.Enabled)
        {
            // For as long as the callback runs the thread counts as holding a lock, so that waiting and calling back are found.
            HeldLocks.AcquireTried(notifier, LockRank.ReverseMap);
        }

        return true;
    }

    private void EndCall(PlainNotifier notifier)
    {
        if (Checks.Enabled)
        {
            HeldLocks.Release(notifier);
        }

        using (_lock.Enter())
        {
            notifier.Running--;
            if (!notifier.IsRemoved)
            {
                return;
            }
        }

        _ended.WakeAll();
    }

    private PlainNotifier? Find(IAddressSpaceNotifier notifier) => Array.Find(_plain, plain => plain.Notifier == notifier);
}
