namespace GpuSvm.Workloads;

/// <summary>Arguments of <see cref="ListWalk.Kernel"/>.</summary>
/// <param name="Control">Address of the <see cref="ListWalk.ControlBytes"/> bytes that both share: head, version, changes.</param>
/// <param name="Walked">Address of an 8-byte counter for each thread: the walks that it has finished.</param>
/// <param name="Records">Address of <see cref="MaximumWalks"/> records of <see cref="ListWalk.RecordBytes"/> bytes for each thread.</param>
/// <param name="Walks">Number of walks that each thread makes, at least 1.</param>
/// <param name="WantedChanges">Each thread goes on walking until the CPU has counted this many changes.</param>
/// <param name="MaximumWalks">Number of walks after which a thread stops in any case.</param>
public readonly record struct ListWalkArgs(
    ulong Control, ulong Walked, ulong Records, long Walks, long WantedChanges, long MaximumWalks);
