namespace GpuSvm.Cli.Hmm;

/// <summary>What tests there are, as the JSON document shows it.</summary>
/// <param name="Tests">Each test.</param>
internal sealed record HmmTestsList(IReadOnlyList<HmmTestsListRow> Tests);
