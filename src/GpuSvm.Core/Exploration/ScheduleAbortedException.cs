namespace GpuSvm.Core;

/// <summary>Unwinds a controlled thread whose schedule has ended before it; not a failure of the code that it passes through.</summary>
public sealed class ScheduleAbortedException : Exception
{
    /// <summary>Makes the exception.</summary>
    public ScheduleAbortedException()
        : base("The schedule has ended; its threads are unwound.")
    {
    }
}
