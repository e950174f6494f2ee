namespace GpuSvm.PostedStrategies;

/// <summary>A mirror of one byte, under an interval that is cut when bytes before it are unmapped.</summary>
/// <param name="notifiers">Who tells of changes.</param>
/// <param name="place">Address of the byte.</param>
/// <param name="cut">Cuts a hole out of an interval.</param>
internal sealed class ByteMirror(IntervalNotifiers notifiers, AddressRange place, Action<IntervalNotifiers, IntervalNotifier, AddressRange> cut) : IMirror
{
    private int _value = 1;
    private int? _copy;

    public RankedLock UpdateLock { get; } = new(LockRank.Update);

    public bool IsTrue => notifiers.ActiveInvalidations > 0 || _copy is null || _copy == _value;

    /// <summary>Changes bytes as the CPU does.</summary>
    public static void Invalidate(IntervalNotifiers notifiers, AddressRange range, Action change)
    {
        Errno error = notifiers.Begin(new Invalidation(range, InvalidationCause.Unmap), out InvalidationScope scope);
        SmallMachine.Demand(error == Errno.None, $"A blockable invalidation is not refused: {error}.");
        using (scope)
        {
            change();
        }
    }

    /// <summary>Copies the byte by the collision-retry protocol, unless its interval is gone.</summary>
    public void LookUp(IntervalNotifier notifier)
    {
        Deadline deadline = Clock.Monotonic.After(Deadline.Default);
        while (!notifier.IsRemoved && notifier.TryReadBegin(deadline, out long sequence))
        {
            SchedulePoint.Reach(SchedulePointKind.Word);
            int found = _value;
            using (UpdateLock.Enter())
            {
                if (!notifier.ReadRetry(sequence) && notifier.Range.Contains(place))
                {
                    _copy = found;
                    return;
                }
            }
        }
    }

    /// <summary>The CPU changes the byte.</summary>
    public void Change()
    {
        SchedulePoint.Reach(SchedulePointKind.Word);
        _value++;
    }

    public bool Invalidate(IntervalNotifier notifier, in Invalidation invalidation)
    {
        if (invalidation.Range.Overlaps(place))
        {
            _copy = null;
        }

        if (!notifier.IsRemoved && notifier.Range.Overlaps(invalidation.Range))
        {
            cut(notifiers, notifier, invalidation.Range);
        }

        return true;
    }
}
