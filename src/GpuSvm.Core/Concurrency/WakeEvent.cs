namespace GpuSvm.Core;

/// <summary>A signal that stays set until one waiter has taken it: an interrupt line, or "there is work".</summary>
public sealed class WakeEvent
{
    private readonly object _sleep = new();
    private bool _set;

    /// <summary>Sets the signal and wakes one waiter.</summary>
    public void Set()
    {
        SchedulePoint.Reach(SchedulePointKind.Wake);
        lock (_sleep)
        {
            _set = true;
            Monitor.Pulse(_sleep);
        }

        if (Exploration.Enabled)
        {
            ControlledThread.Current?.Explorer.Wake(this);
        }
    }

    /// <summary>Waits for the signal and clears it.</summary>
    public void Wait()
    {
        SchedulePoint.Reach(SchedulePointKind.Wait);
        if (Exploration.Enabled && ControlledThread.Current is { } self)
        {
            while (!_set)
            {
                self.Explorer.Block(self, this, long.MaxValue);
            }

            _set = false;
            return;
        }

        lock (_sleep)
        {
            while (!_set)
            {
                Monitor.Wait(_sleep);
            }

            _set = false;
        }
    }

    /// <summary>Waits for the signal until <paramref name="deadline"/>, and clears it.</summary>
    /// <returns>False when the deadline passed first.</returns>
    public bool Wait(Deadline deadline)
    {
        SchedulePoint.Reach(SchedulePointKind.Wait);
        if (Exploration.Enabled && ControlledThread.Current is { } self)
        {
            return WaitControlled(self, deadline);
        }

        lock (_sleep)
        {
            while (!_set)
            {
                if (deadline.HasPassed)
                {
                    return false;
                }

                deadline.SleepOn(_sleep);
            }

            _set = false;
            return true;
        }
    }

    private bool WaitControlled(ControlledThread self, Deadline deadline)
    {
        while (!_set)
        {
            if (deadline.HasPassed)
            {
                return false;
            }

            self.Explorer.Block(self, this, deadline.VirtualNanoseconds);
        }

        _set = false;
        return true;
    }
}
