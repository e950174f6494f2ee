namespace GpuSvm.Mm;

/// <summary>All notifiers of one address space, and the one sequence number that tells them of its changes.</summary>
/// <remarks>
/// <para>
/// Three states. <em>Idle</em>: no invalidation runs, the sequence is even. <em>Partially excluded</em>: invalidations run but none has
/// reached an interval, the sequence is even and the set of intervals may change. <em>Fully excluded</em>: the sequence is odd and the
/// set is frozen, so that invalidations walk it without a lock; insertions and removals are put off until the last invalidation ends.
/// Invalidations may be nested and parallel and share one odd sequence. A reader whose interval was reached waits for all of them: the
/// price of one number for the whole space, and the reason why readers bound their waiting.
/// </para>
/// <para>
/// No lock of this class is held while callbacks run. A reader sees its own sequence equal to that of the space exactly while an
/// invalidation that reached it runs, because the callback sets it under the update lock, and the space's never returns to an old value.
/// Source: Linux 7.0 mm/mmu_notifier.c, struct mmu_notifier_subscriptions.
/// </para>
/// </remarks>
public sealed partial class IntervalNotifiers
{
    private static readonly TimeSpan Slice = TimeSpan.FromMinutes(1);

    private readonly RankedLock _lock = new(LockRank.Device);
    private readonly WaitQueue _ended;
    private readonly IntervalTree<IntervalNotifier> _tree = new();
    private readonly List<IntervalNotifier> _deferred = [];
    private long _sequence = 2;
    private int _active;
    private bool _closed;

    /// <summary>Makes an empty set.</summary>
    public IntervalNotifiers() => _ended = new WaitQueue(_lock);

    /// <summary>The sequence of the address space now: odd while the set is frozen.</summary>
    public long Sequence => SharedWord.Read(ref _sequence);

    /// <summary>Number of invalidations that run now.</summary>
    public int ActiveInvalidations => SharedWord.Read(ref _active);

    /// <summary>Number of intervals that invalidations can reach now, without insertions that are put off.</summary>
    public int Count
    {
        get
        {
            using (_lock.Enter())
            {
                return _tree.Count;
            }
        }
    }

    private bool IsFrozen => (_sequence & 1) != 0;

    /// <summary>Inserts a notifier.</summary>
    /// <param name="notifier">Inserted nowhere.</param>
    /// <param name="range">The addresses whose changes it hears of.</param>
    /// <returns><see cref="Errno.EOVERFLOW"/> for an empty range, <see cref="Errno.EINVAL"/> once the address space has ended.</returns>
    /// <exception cref="InvalidOperationException">The notifier is inserted.</exception>
    /// <remarks>
    /// Never waits; may be called from a callback. While an invalidation runs the notifier counts as reached by it, so that its reader
    /// waits; if the set is frozen it enters the tree when the last invalidation ends.
    /// </remarks>
    public Errno Insert(IntervalNotifier notifier, AddressRange range)
    {
        ArgumentNullException.ThrowIfNull(notifier);
        if (range.IsEmpty)
        {
            return Errno.EOVERFLOW;
        }

        using (_lock.Enter())
        {
            if (notifier.Owner is not null)
            {
                throw new InvalidOperationException("The notifier is inserted already.");
            }

            if (_closed)
            {
                return Errno.EINVAL;
            }

            notifier.Owner = this;
            notifier.Range = range;
            if (IsFrozen)
            {
                PutOff(notifier, NotifierChange.Enter);
                notifier.Sequence = _sequence;
            }
            else if (_active > 0)
            {
                // From here on the set is frozen: the new notifier has not heard of the invalidations that run.
                SharedWord.Write(ref _sequence, _sequence | 1);
                Enter(notifier);
                notifier.Sequence = _sequence;
            }
            else
            {
                Enter(notifier);
                notifier.Sequence = _sequence - 1;
            }

            return Errno.None;
        }
    }

    /// <summary>Removes a notifier; on return none of its callbacks runs or will run.</summary>
    /// <exception cref="InvalidOperationException">The notifier is not inserted here, or another thread removes it already.</exception>
    /// <remarks>
    /// Locking: waits, as long as the invalidations that run take, so no lock from the page locks on may be held and no lock that a
    /// callback takes; never from a callback.
    /// </remarks>
    public void Remove(IntervalNotifier notifier)
    {
        ArgumentNullException.ThrowIfNull(notifier);
        HeldLocks.AssertNoneAtOrAbove(LockRank.Page, "An interval notifier is removed");
        using (_lock.Enter())
        {
            if (notifier.Owner != this || notifier.IsLeaving)
            {
                throw new InvalidOperationException("The notifier is not inserted here.");
            }

            if (!IsFrozen && (notifier.Handle != default || !Breaks.DeferredInsertLost))
            {
                Leave(notifier);
            }
            else if (notifier.Handle == default)
            {
                _deferred.Remove(notifier);
            }
            else
            {
                PutOff(notifier, NotifierChange.Leave);
                WaitForEndOf(_sequence);
            }

            notifier.Pending = NotifierChange.None;
            notifier.Owner = null;
        }
    }

    /// <summary>Starts a read for a notifier.</summary>
    internal bool TryReadBegin(IntervalNotifier notifier, Deadline deadline, out long sequence)
    {
        HeldLocks.AssertNoneAtOrAbove(LockRank.Page, "A read is begun");
        using (_lock.Enter())
        {
            sequence = notifier.IsRemoved ? IntervalNotifier.NeverConfirmed : notifier.Sequence;
            long running = _sequence;
            if (sequence == running || notifier.IsLeaving)
            {
                // Once is enough: if another invalidation comes meanwhile, ReadRetry will tell.
                while (_sequence == running)
                {
                    if (!_ended.Wait(deadline) && _sequence == running)
                    {
                        return false;
                    }
                }
            }

            return true;
        }
    }

    private void WaitForEndOf(long sequence)
    {
        while (_sequence == sequence && !Breaks.RemoveDoesNotWait)
        {
            _ended.Wait(Clock.Monotonic.After(Slice));
        }
    }

    private void Enter(IntervalNotifier notifier)
    {
        notifier.EnteredRange = notifier.Range;
        notifier.Handle = _tree.Insert(notifier.Range, notifier);
    }

    private void Leave(IntervalNotifier notifier)
    {
        _tree.Remove(notifier.Handle);
        notifier.Handle = default;
    }
}
