namespace GpuSvm.Cli.Runs.Sorting;

/// <summary>The input of the sort.</summary>
/// <param name="Count">How many numbers.</param>
internal sealed record SortInput(int Count);
