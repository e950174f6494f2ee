namespace GpuSvm.Cli.Runs.Graphs;

/// <summary>A node and its rank.</summary>
/// <param name="Node">The node's id.</param>
/// <param name="Rank">Its rank; those of all nodes add up to 1.</param>
internal readonly record struct NodeRank(long Node, double Rank);
