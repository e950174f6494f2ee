namespace GpuSvm.Scenarios;

/// <summary>A mirror of one number: what the CPU's table holds for a page, and what the mirror took it for.</summary>
internal sealed class RaceMirror(IntervalNotifiers notifiers) : IMirror
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private int _page = 1;
    private int? _copy;

    /// <summary>The page.</summary>
    public static AddressRange Range { get; } = new(0x1000UL, 0x2000UL);

    /// <summary>A page beside it.</summary>
    public static AddressRange Neighbour { get; } = new(0x2000UL, 0x3000UL);

    public RankedLock UpdateLock { get; } = new(LockRank.Update);

    public bool IsGone { get; set; }

    /// <summary>Number of notifiers that were released.</summary>
    public int Releases { get; private set; }

    /// <summary>False if the mirror holds something else than the CPU, and nothing is being invalidated.</summary>
    public bool IsTrue => notifiers.ActiveInvalidations > 0 || _copy is null || _copy == _page;

    /// <summary>Copies the page by the collision-retry protocol.</summary>
    public void LookUp(IntervalNotifier notifier) =>
        SmallMachine.Demand(TryLookUp(notifier), "A reader goes on once the invalidations have ended.");

    /// <summary>Copies the page by the collision-retry protocol, unless the notifier was removed.</summary>
    /// <returns>False if it was, or if an invalidation was waited for too long.</returns>
    public bool TryLookUp(IntervalNotifier notifier)
    {
        Deadline deadline = Clock.Monotonic.After(Patience);
        while (!notifier.IsRemoved && notifier.TryReadBegin(deadline, out long sequence))
        {
            SchedulePoint.Reach(SchedulePointKind.Word);
            int found = _page;
            using (UpdateLock.Enter())
            {
                if (!notifier.ReadRetry(sequence))
                {
                    _copy = found;
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>Drops the copy. Under the update lock.</summary>
    public void Forget() => _copy = null;

    /// <summary>Changes the page as the CPU does: inside an invalidation.</summary>
    public void ChangeOnce()
    {
        Errno error = notifiers.Begin(new Invalidation(Range, InvalidationCause.Unmap), out InvalidationScope scope);
        SmallMachine.Demand(error == Errno.None, $"A blockable invalidation is not refused: {error}.");
        using (scope)
        {
            Change();
        }
    }

    /// <summary>Changes the page unless somebody would have to wait for that.</summary>
    public void TryChange()
    {
        var change = new Invalidation(Range, InvalidationCause.Unmap, Blocking: InvalidationBlocking.NonBlockable);
        if (notifiers.Begin(change, out InvalidationScope scope) == Errno.None)
        {
            using (scope)
            {
                Change();
            }
        }
    }

    public bool Invalidate(IntervalNotifier notifier, in Invalidation invalidation)
    {
        SmallMachine.Demand(!IsGone, "No callback of an interval notifier runs once it is removed.");
        _copy = null;
        SchedulePoint.Reach(SchedulePointKind.Word);
        SmallMachine.Demand(!IsGone, "No interval notifier is removed while its callback runs.");
        return true;
    }

    public void Released(IntervalNotifier notifier)
    {
        SchedulePoint.Reach(SchedulePointKind.Word);
        SmallMachine.Demand(!IsGone, "No notifier is released once its removal was waited for.");
        Releases++;
    }

    private void Change()
    {
        SchedulePoint.Reach(SchedulePointKind.Word);
        _page++;
        SchedulePoint.Reach(SchedulePointKind.Word);
    }
}
