namespace GpuSvm.Cli.Bench.Evict;

/// <summary>What <c>gpusvm bench evict</c> prints as JSON.</summary>
/// <param name="Evict">Workload by workload, all sizes and policies.</param>
internal sealed record EvictDocument(IReadOnlyList<EvictRow> Evict);
