namespace GpuSvm.Core;

/// <content>A lock with lanes.</content>
public sealed partial class RankedLock
{
    /// <summary>Makes a lock with lanes.</summary>
    /// <param name="rank">The lock's place in the order, and the lanes'.</param>
    /// <param name="lanes">Number of lanes: at least 1, which is a lock without.</param>
    public RankedLock(LockRank rank, int lanes)
        : this(rank)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(lanes, 1);
        _lanes = lanes == 1 ? null : [.. Enumerable.Range(0, lanes).Select(_ => new RankedLock(rank))];
    }

    // All of them, unless a test has to find out what it means that some are left out.
    private int LanesTaken => Breaks.LanesLeftOut ? 1 : _lanes!.Length;

    /// <summary>Waits for a lane and takes it; disposing the scope releases it. A thread holds one lane, or the lock.</summary>
    /// <param name="lane">Which one; a lock without lanes is its own.</param>
    public Scope EnterLane(int lane) => (_lanes is null ? this : _lanes[lane]).Enter();

    /// <summary>Stops, when checks are on, if the calling thread holds neither the lock nor one of its lanes.</summary>
    public void AssertLaneHeld()
    {
        if (Checks.Enabled && !(_lanes is { } lanes ? Array.Exists(lanes, static lane => lane.IsHeldByCurrentThread) : IsHeldByCurrentThread))
        {
            Checks.Fail($"The lock of rank {rank} must be held here, or a lane of it.");
        }
    }

    private bool HoldsLanes()
    {
        int held = 0;
        while (held < LanesTaken && _lanes![held].IsHeldByCurrentThread)
        {
            held++;
        }

        return held == LanesTaken;
    }

    private void AcquireLanes()
    {
        if (Exploration.Enabled && ControlledThread.Current is { IsQuiet: true })
        {
            return;
        }

        if (Checks.Enabled)
        {
            HeldLocks.Acquire(this, rank);
        }

        foreach (RankedLock lane in _lanes.AsSpan(0, LanesTaken))
        {
            SchedulePoint.Reach(SchedulePointKind.Lock);
            lane.Take();
        }
    }

    private void ReleaseLanes()
    {
        if (Exploration.Enabled && ControlledThread.Current is { IsQuiet: true })
        {
            return;
        }

        if (Checks.Enabled)
        {
            HeldLocks.Release(this);
        }

        foreach (RankedLock lane in _lanes.AsSpan(0, LanesTaken))
        {
            lane.Give();
        }

        SchedulePoint.Reach(SchedulePointKind.Unlock);
    }

    private bool TryTake()
    {
        if (_lanes is null)
        {
            return Exploration.Enabled && ControlledThread.Current is { } self
                ? _controlled!.TryAcquire(self)
                : !_lock.IsHeldByCurrentThread && _lock.TryEnter();
        }

        int taken = 0;
        while (taken < LanesTaken && _lanes[taken].TryTake())
        {
            taken++;
        }

        bool isTaken = taken == LanesTaken;
        while (!isTaken && taken > 0)
        {
            _lanes[--taken].Give();
        }

        return isTaken;
    }

    // A lane that is taken with the lock: the lock alone is on record.
    private void Take()
    {
        if (Exploration.Enabled && ControlledThread.Current is { } self)
        {
            _controlled!.Acquire(self);
        }
        else
        {
            _lock.Enter();
        }
    }

    private void Give()
    {
        if (Exploration.Enabled && ControlledThread.Current is { } self)
        {
            _controlled!.Release(self);
        }
        else
        {
            _lock.Exit();
        }
    }
}
