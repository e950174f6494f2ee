namespace GpuSvm.Core;

/// <summary>How a schedule failed.</summary>
public enum ScheduleFailureKind : byte
{
    /// <summary>A thread ended with an exception, or the check at the end threw one.</summary>
    Exception,

    /// <summary>An invariant did not hold after a step.</summary>
    Invariant,

    /// <summary>Threads are left, all of them wait, and none has a deadline.</summary>
    Deadlock,

    /// <summary>Threads waited, all of them, for longer than the scenario allows: only deadlines let one go on.</summary>
    Starvation,

    /// <summary>The schedule did not end within the bound on its steps.</summary>
    StepLimit,
}
