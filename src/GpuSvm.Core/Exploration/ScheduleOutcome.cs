namespace GpuSvm.Core;

/// <summary>How one schedule went.</summary>
/// <param name="Failure">What went wrong; null if nothing did.</param>
/// <param name="Steps">Number of steps that its threads made.</param>
/// <param name="Hash">Hash over the sequence of (thread, point kind): equal for equal schedules.</param>
/// <param name="Turns">The schedule itself, for <see cref="ReplaySchedule"/>.</param>
/// <param name="Trace">Every step; empty unless the schedule was traced.</param>
public sealed record ScheduleOutcome(
    ScheduleFailure? Failure, int Steps, ulong Hash, IReadOnlyList<ScheduleTurn> Turns, IReadOnlyList<ScheduleStep> Trace)
{
    /// <summary>True if nothing went wrong.</summary>
    public bool IsClean => Failure is null;
}
