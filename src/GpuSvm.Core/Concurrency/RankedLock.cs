using System.Runtime.CompilerServices;

namespace GpuSvm.Core;

/// <summary>A mutual-exclusion lock with a place in the lock order. Not recursive.</summary>
/// <param name="rank">The lock's place in the order.</param>
/// <remarks>
/// A lock may have lanes: a thread that has one is alone with what is that lane's, and keeps out who wants the whole lock, which is all
/// lanes. So it is shared without a word that all sharers write. A lock without lanes is its own and only one.
/// </remarks>
public sealed partial class RankedLock(LockRank rank)
{
    private readonly Lock _lock = new();
    private readonly ControlledLock? _controlled = Exploration.Enabled ? new ControlledLock(rank) : null;
    private readonly RankedLock[]? _lanes;

    /// <summary>The lock's place in the order.</summary>
    public LockRank Rank => rank;

    /// <summary>True if the calling thread holds the lock: all lanes, if it has any.</summary>
    public bool IsHeldByCurrentThread =>
        _lanes is not null ? HoldsLanes() :
        Exploration.Enabled && ControlledThread.Current is { } self ? _controlled!.IsHeldBy(self) : _lock.IsHeldByCurrentThread;

    /// <summary>Waits for the lock and takes it; disposing the scope releases it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Scope Enter()
    {
        Acquire();
        return new Scope(this);
    }

    /// <summary>Takes the lock if it is free.</summary>
    /// <returns>False when a thread holds it, be it the calling one; then the scope does nothing.</returns>
    public bool TryEnter(out Scope scope)
    {
        if (Exploration.Enabled && ControlledThread.Current is { IsQuiet: true })
        {
            scope = default;
            return true;
        }

        SchedulePoint.Reach(SchedulePointKind.TryLock);
        if (!TryTake())
        {
            scope = default;
            return false;
        }

        if (Checks.Enabled)
        {
            HeldLocks.AcquireTried(this, rank);
        }

        scope = new Scope(this);
        return true;
    }

    /// <summary>Stops, when checks are on, if the calling thread does not hold the lock.</summary>
    public void AssertHeld()
    {
        if (Checks.Enabled && !IsHeldByCurrentThread)
        {
            Checks.Fail($"The lock of rank {rank} must be held here.");
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Acquire()
    {
        if (_lanes is not null)
        {
            AcquireLanes();
            return;
        }

        if (Exploration.Enabled && ControlledThread.Current is { } self)
        {
            AcquireControlled(self);
            return;
        }

        SchedulePoint.Reach(SchedulePointKind.Lock);
        if (Checks.Enabled)
        {
            HeldLocks.Acquire(this, rank);
        }

        _lock.Enter();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Release()
    {
        if (_lanes is not null)
        {
            ReleaseLanes();
            return;
        }

        if (Exploration.Enabled && ControlledThread.Current is { } self)
        {
            ReleaseControlled(self);
            return;
        }

        if (Checks.Enabled)
        {
            HeldLocks.Release(this);
        }

        _lock.Exit();
        SchedulePoint.Reach(SchedulePointKind.Unlock);
    }

    private void AcquireControlled(ControlledThread self)
    {
        if (self.IsQuiet)
        {
            return;
        }

        SchedulePoint.Reach(SchedulePointKind.Lock);
        if (Checks.Enabled)
        {
            HeldLocks.Acquire(this, rank);
        }

        _controlled!.Acquire(self);
    }

    private void ReleaseControlled(ControlledThread self)
    {
        if (self.IsQuiet)
        {
            return;
        }

        if (Checks.Enabled)
        {
            HeldLocks.Release(this);
        }

        _controlled!.Release(self);
        SchedulePoint.Reach(SchedulePointKind.Unlock);
    }

    /// <summary>Releases the lock when disposed.</summary>
    public readonly ref struct Scope
    {
        private readonly RankedLock? _owner;

        internal Scope(RankedLock owner) => _owner = owner;

        /// <summary>Releases the lock.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Dispose() => _owner?.Release();
    }
}
