namespace GpuSvm.Cli.Runs.Sorting;

/// <summary>What came out of the sort.</summary>
/// <param name="Smallest">The first number.</param>
/// <param name="Median">The one in the middle; of two the second.</param>
/// <param name="Largest">The last.</param>
internal sealed record SortResult(uint Smallest, uint Median, uint Largest);
