namespace GpuSvm.Workloads;

/// <summary>Arguments of <see cref="BreadthFirstSearch.Kernel"/>: a graph in compressed sparse rows and the state of the search.</summary>
/// <param name="Offsets">Address of the first arc slot of each node and, behind them, the number of arcs; 8 bytes each.</param>
/// <param name="Targets">Address of the node that each arc enters; 4 bytes each.</param>
/// <param name="Levels">Address of 4 bytes for each node, its level: 0 at the source, <see cref="BreadthFirstSearch.Unreached"/> elsewhere.</param>
/// <param name="EvenQueue">Address of 4 bytes for each node: the frontier of levels 0, 2, 4, …; the source stands in it.</param>
/// <param name="OddQueue">Address of 4 bytes for each node: the frontier of levels 1, 3, 5, ….</param>
/// <param name="State">Address of <see cref="BreadthFirstSearch.StateBytes"/> bytes: all zero but a frontier count of 1.</param>
public readonly record struct BreadthFirstSearchArgs(
    ulong Offsets, ulong Targets, ulong Levels, ulong EvenQueue, ulong OddQueue, ulong State);
