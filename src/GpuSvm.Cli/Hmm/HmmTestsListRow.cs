namespace GpuSvm.Cli.Hmm;

/// <summary>One test of the list.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Summary">What it does, in a line.</param>
internal sealed record HmmTestsListRow(string Name, string Summary);
