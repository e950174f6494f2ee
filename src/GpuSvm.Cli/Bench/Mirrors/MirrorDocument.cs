namespace GpuSvm.Cli.Bench.Mirrors;

/// <summary>What <c>gpusvm bench mirror</c> prints as JSON.</summary>
/// <param name="Mirror">Work by work, all strategies.</param>
/// <param name="Lookups">The cost of look-ups alone.</param>
internal sealed record MirrorDocument(IReadOnlyList<MirrorRow> Mirror, IReadOnlyList<LookupRow> Lookups);
