namespace GpuSvm.Workloads;

/// <summary>One way of an edge, between node numbers.</summary>
/// <param name="Slot">Its place among all arcs of the graph, from 0 on.</param>
/// <param name="From">The node that it leaves.</param>
/// <param name="To">The node that it enters.</param>
public readonly record struct Arc(long Slot, int From, int To);
