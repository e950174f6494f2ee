namespace GpuSvm.Core;

/// <summary>What went wrong in a schedule.</summary>
/// <param name="Kind">How it failed.</param>
/// <param name="Message">One sentence for people; for a deadlock, who waits for what.</param>
/// <param name="Thread">Name of the thread that ran.</param>
/// <param name="Exception">What was thrown, if something was.</param>
public sealed record ScheduleFailure(ScheduleFailureKind Kind, string Message, string Thread, Exception? Exception);
