namespace GpuSvm.Core;

/// <summary>Looks at a shared word again and again, for the short time that another thread needs to leave it.</summary>
/// <remarks>Only for waits that are bounded by the other thread's progress, such as an access in flight.</remarks>
public struct Spin
{
    private SpinWait _wait;

    /// <summary>Lets other threads run, then returns for the next look.</summary>
    public void Once()
    {
        SchedulePoint.Reach(SchedulePointKind.Spin);
        if (Exploration.Enabled && ControlledThread.Current is not null)
        {
            return;
        }

        _wait.SpinOnce(sleep1Threshold: -1);
    }
}
