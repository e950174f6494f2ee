namespace GpuSvm.Cli.Bench;

/// <summary>What a bench verb prints as JSON.</summary>
/// <param name="Bench">One entry for each benchmark.</param>
internal sealed record BenchDocument(IReadOnlyList<Measurement> Bench);
