namespace GpuSvm.Core;

/// <summary>A thread ran until it had made a number of steps: a list of turns is a schedule.</summary>
/// <param name="Thread">Number of the thread: 1 for the first that was started in the schedule, and so on.</param>
/// <param name="UntilStep">How many steps the thread had made, in the whole schedule, when its turn ended.</param>
public readonly record struct ScheduleTurn(int Thread, int UntilStep);
