namespace GpuSvm.Cli.Bench.Evict;

/// <summary>What one policy of eviction did with one workload.</summary>
/// <param name="Workload">The workload.</param>
/// <param name="Percent">Its working set, in percent of the memory.</param>
/// <param name="Policy">The policy.</param>
/// <param name="Uses">Uses of blocks.</param>
/// <param name="Faults">Uses that found their block not there: so many have come.</param>
/// <param name="Evictions">Blocks that have left for them.</param>
/// <param name="PerPass">Evictions in the last pass, for those of the excess: what is more than fits; null where a pass is no scan of all.</param>
/// <param name="OfOptimum">Evictions for those of the optimum; null where the optimum evicts none.</param>
internal sealed record EvictRow(string Workload, int Percent, string Policy, int Uses, long Faults, long Evictions, double? PerPass, double? OfOptimum);
