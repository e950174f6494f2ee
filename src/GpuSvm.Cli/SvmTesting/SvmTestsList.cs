namespace GpuSvm.Cli.SvmTesting;

/// <summary>What tests there are, as the JSON document shows it.</summary>
/// <param name="Tests">Each test.</param>
internal sealed record SvmTestsList(IReadOnlyList<SvmTestsListRow> Tests);
