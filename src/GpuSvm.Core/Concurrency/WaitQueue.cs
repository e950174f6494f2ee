namespace GpuSvm.Core;

/// <summary>Threads that wait until something guarded by a <see cref="RankedLock"/> changes: a condition variable.</summary>
/// <param name="guard">The lock that guards the condition.</param>
/// <remarks>
/// A waiter reads the queue's generation while it holds the guard, releases the guard and sleeps until the generation moves; whoever
/// changes the condition does so under the guard and then calls <see cref="WakeAll"/>. So no wake-up is lost.
/// </remarks>
public sealed class WaitQueue(RankedLock guard)
{
    private readonly object _sleep = new();
    private long _generation;

    /// <summary>Releases the guard, waits for a wake-up or the deadline, and takes the guard again.</summary>
    /// <param name="deadline">The moment after which waiting ends by itself.</param>
    /// <returns>False when the deadline passed first. The caller looks at its condition again in either case.</returns>
    /// <remarks>The guard is held on entry and on return; nothing of a higher rank may be held.</remarks>
    public bool Wait(Deadline deadline)
    {
        guard.AssertHeld();
        HeldLocks.AssertNoneBehind(guard, guard.Rank);
        long seen = Volatile.Read(ref _generation);
        guard.Release();
        try
        {
            if (Exploration.Enabled && ControlledThread.Current is { } self)
            {
                return SleepControlled(self, seen, deadline);
            }

            SchedulePoint.Reach(SchedulePointKind.Wait);
            return Sleep(seen, deadline);
        }
        finally
        {
            guard.Acquire();
        }
    }

    /// <summary>Wakes every thread that waits.</summary>
    public void WakeAll()
    {
        SchedulePoint.Reach(SchedulePointKind.Wake);
        lock (_sleep)
        {
            unchecked
            {
                _generation++;
            }

            Monitor.PulseAll(_sleep);
        }

        if (Exploration.Enabled)
        {
            ControlledThread.Current?.Explorer.Wake(this);
        }
    }

    private bool SleepControlled(ControlledThread self, long seen, Deadline deadline)
    {
        while (_generation == seen)
        {
            if (deadline.HasPassed)
            {
                return false;
            }

            self.Explorer.Block(self, this, deadline.VirtualNanoseconds);
        }

        return true;
    }

    private bool Sleep(long seen, Deadline deadline)
    {
        lock (_sleep)
        {
            while (_generation == seen)
            {
                if (deadline.HasPassed)
                {
                    return false;
                }

                deadline.SleepOn(_sleep);
            }

            return true;
        }
    }
}
