using GpuSvm.Scenarios;

namespace GpuSvm.Cli.Explore;

/// <summary>What one process of an exploration does.</summary>
/// <param name="Scenarios">Names of the scenarios, looked at in this order.</param>
/// <param name="Break">The mutation that is switched on, or null.</param>
/// <param name="Options">The schedules of each scenario.</param>
/// <param name="Assembly">Path of the assembly that holds the scenarios; null for those of GpuSvm.</param>
internal sealed record ExploreTask(IReadOnlyList<string> Scenarios, string? Break, SearchOptions Options, string? Assembly);
