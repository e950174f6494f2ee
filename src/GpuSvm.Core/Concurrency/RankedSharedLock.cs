using System.Diagnostics.CodeAnalysis;

namespace GpuSvm.Core;

/// <summary>A lock that many threads may share or one may have alone, with a place in the lock order. Not recursive.</summary>
/// <param name="rank">The lock's place in the order.</param>
/// <remarks>
/// A thread that waits to have the lock alone keeps new sharers out, so that it is not starved. It is not disposed of: who ends what the
/// lock guards cannot know that no thread will come for it any more.
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "The events of the inner lock are freed with it by the garbage collector.")]
public sealed class RankedSharedLock(LockRank rank)
{
    private readonly ReaderWriterLockSlim _lock = new(LockRecursionPolicy.NoRecursion);
    private readonly ControlledSharedLock? _controlled = Exploration.Enabled ? new ControlledSharedLock(rank) : null;

    /// <summary>The lock's place in the order.</summary>
    public LockRank Rank => rank;

    /// <summary>True if the calling thread holds the lock in either way.</summary>
    public bool IsHeldByCurrentThread => Exploration.Enabled && ControlledThread.Current is { } self
        ? _controlled!.IsHeldBy(self)
        : _lock.IsReadLockHeld || _lock.IsWriteLockHeld;

    /// <summary>True if the calling thread has the lock alone.</summary>
    public bool IsHeldExclusivelyByCurrentThread => Exploration.Enabled && ControlledThread.Current is { } self
        ? _controlled!.IsHeldExclusivelyBy(self)
        : _lock.IsWriteLockHeld;

    /// <summary>Waits until no thread has the lock alone, and shares it; disposing the scope releases it.</summary>
    public SharedScope EnterShared()
    {
        if (Exploration.Enabled && ControlledThread.Current is { IsQuiet: true })
        {
            return default;
        }

        Begin();
        if (Exploration.Enabled && ControlledThread.Current is { } self)
        {
            _controlled!.AcquireShared(self);
        }
        else
        {
            _lock.EnterReadLock();
        }

        return new SharedScope(this);
    }

    /// <summary>Shares the lock if that needs no waiting.</summary>
    /// <returns>False when a thread has the lock alone or waits for that, or the calling one holds it; then the scope does nothing.</returns>
    public bool TryEnterShared(out SharedScope scope)
    {
        if (Exploration.Enabled && ControlledThread.Current is { IsQuiet: true })
        {
            scope = default;
            return true;
        }

        SchedulePoint.Reach(SchedulePointKind.TryLock);
        bool taken = !IsHeldByCurrentThread && (Exploration.Enabled && ControlledThread.Current is { } self
            ? _controlled!.TryAcquireShared(self)
            : _lock.TryEnterReadLock(0));
        if (!taken)
        {
            scope = default;
            return false;
        }

        if (Checks.Enabled)
        {
            HeldLocks.AcquireTried(this, rank);
        }

        scope = new SharedScope(this);
        return true;
    }

    /// <summary>Waits until no other thread holds the lock, and takes it alone; disposing the scope releases it.</summary>
    public ExclusiveScope EnterExclusive()
    {
        if (Exploration.Enabled && ControlledThread.Current is { IsQuiet: true })
        {
            return default;
        }

        Begin();
        if (Exploration.Enabled && ControlledThread.Current is { } self)
        {
            _controlled!.AcquireExclusive(self);
        }
        else
        {
            _lock.EnterWriteLock();
        }

        return new ExclusiveScope(this);
    }

    /// <summary>Stops, when checks are on, if the calling thread does not hold the lock in either way.</summary>
    public void AssertHeld()
    {
        if (Checks.Enabled && !IsHeldByCurrentThread)
        {
            Checks.Fail($"The lock of rank {rank} must be held here.");
        }
    }

    /// <summary>Stops, when checks are on, if the calling thread does not have the lock alone.</summary>
    public void AssertHeldExclusively()
    {
        if (Checks.Enabled && !IsHeldExclusivelyByCurrentThread)
        {
            Checks.Fail($"The lock of rank {rank} must be held exclusively here.");
        }
    }

    private void Begin()
    {
        SchedulePoint.Reach(SchedulePointKind.Lock);
        if (Checks.Enabled)
        {
            HeldLocks.Acquire(this, rank);
        }
    }

    private void ExitShared()
    {
        if (!ExitControlled())
        {
            _lock.ExitReadLock();
        }

        End();
    }

    private void ExitExclusive()
    {
        if (!ExitControlled())
        {
            _lock.ExitWriteLock();
        }

        End();
    }

    private bool ExitControlled()
    {
        if (Exploration.Enabled && ControlledThread.Current is { } self)
        {
            _controlled!.Release(self);
            return true;
        }

        return false;
    }

    private void End()
    {
        if (Checks.Enabled)
        {
            HeldLocks.Release(this);
        }

        SchedulePoint.Reach(SchedulePointKind.Unlock);
    }

    /// <summary>Releases the shared lock when disposed.</summary>
    public readonly ref struct SharedScope
    {
        private readonly RankedSharedLock? _owner;

        internal SharedScope(RankedSharedLock owner) => _owner = owner;

        /// <summary>Releases the lock.</summary>
        public void Dispose() => _owner?.ExitShared();
    }

    /// <summary>Releases the exclusive lock when disposed.</summary>
    public readonly ref struct ExclusiveScope
    {
        private readonly RankedSharedLock? _owner;

        internal ExclusiveScope(RankedSharedLock owner) => _owner = owner;

        /// <summary>Releases the lock.</summary>
        public void Dispose() => _owner?.ExitExclusive();
    }
}
