namespace GpuSvm.Workloads;

/// <summary>Arguments of <see cref="PageRank.Kernel"/>: a graph by the arcs that enter each node, and the ranks.</summary>
/// <param name="Offsets">Address of the first slot of the arcs that enter each node; at the end the number of arcs; 8 bytes each.</param>
/// <param name="Sources">Address of the node that each arc leaves; 4 bytes each.</param>
/// <param name="Degrees">Address of the number of arcs that leave each node; 8 bytes each.</param>
/// <param name="Ranks">Address of the rank of each node, a double.</param>
/// <param name="Shares">Address of each node's rank for each arc that leaves it, a double; any if there is none.</param>
/// <param name="NextShares">Address of as much room: the shares of the next iteration.</param>
/// <param name="Partials">Address of <see cref="PageRank.PartialBytes"/> bytes for each thread of the grid.</param>
/// <param name="Nodes">Number of nodes.</param>
/// <param name="Base">See <see cref="PageRank.Base"/>.</param>
public readonly record struct PageRankArgs(
    ulong Offsets,
    ulong Sources,
    ulong Degrees,
    ulong Ranks,
    ulong Shares,
    ulong NextShares,
    ulong Partials,
    long Nodes,
    double Base);
