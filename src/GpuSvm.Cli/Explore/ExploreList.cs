namespace GpuSvm.Cli.Explore;

/// <summary>What there is to explore, as the JSON document shows it.</summary>
/// <param name="Scenarios">Names of the scenarios.</param>
/// <param name="Breaks">Names of the mutations.</param>
internal sealed record ExploreList(IReadOnlyList<string> Scenarios, IReadOnlyList<string> Breaks);
