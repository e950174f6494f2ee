namespace GpuSvm.Cli.SvmTesting;

/// <summary>One test of the list.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Summary">What it does, in a line.</param>
/// <param name="IsRace">True if the explorer runs it too.</param>
internal sealed record SvmTestsListRow(string Name, string Summary, bool IsRace);
