namespace GpuSvm.Workloads;

/// <summary>One line of an edge list.</summary>
/// <param name="From">Id of the node that the edge leaves.</param>
/// <param name="To">Id of the node that it enters.</param>
public readonly record struct Edge(long From, long To);
