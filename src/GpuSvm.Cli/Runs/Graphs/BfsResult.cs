namespace GpuSvm.Cli.Runs.Graphs;

/// <summary>A breadth-first search.</summary>
/// <param name="Reached">Number of nodes that the source leads to, itself included.</param>
/// <param name="Levels">Number of nodes on each level: at index n, those that n edges lead to and no fewer.</param>
internal sealed record BfsResult(long Reached, long[] Levels);
