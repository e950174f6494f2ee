namespace GpuSvm.Cli.Explore;

/// <summary>All that an exploration tells, as the JSON document shows it.</summary>
/// <param name="Strategy">How schedules were chosen.</param>
/// <param name="Seed">Seed of the first schedule.</param>
/// <param name="Results">One for each scenario, or for each mutation.</param>
internal sealed record ExploreDocument(string Strategy, ulong Seed, IReadOnlyList<ExploreRow> Results);
