using GpuSvm.Scenarios;

namespace GpuSvm.Cli.Explore;

/// <summary>What was seen of one scenario.</summary>
/// <param name="Scenario">Its name; all that were looked at, where a mutation was found by none.</param>
/// <param name="Break">The mutation that was switched on, or null.</param>
/// <param name="Schedules">Number of schedules.</param>
/// <param name="Distinct">Number of different ones.</param>
/// <param name="Hash">Hash of all schedules, in any order: equal for equal seeds on equal code.</param>
/// <param name="StepsPerSchedule">Schedule points of one, on average.</param>
/// <param name="SchedulesPerSecond">Schedules in a second on one core.</param>
/// <param name="Failure">What was found, or null.</param>
internal sealed record ExploreRow(
    string Scenario,
    string? Break,
    int Schedules,
    int Distinct,
    string Hash,
    double StepsPerSchedule,
    double SchedulesPerSecond,
    SearchFailure? Failure);
