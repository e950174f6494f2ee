namespace GpuSvm.Cli.Runs.Lists;

/// <summary>What the last walk saw, and what happened before.</summary>
/// <param name="Nodes">Number of nodes.</param>
/// <param name="Sum">Sum of their values.</param>
/// <param name="Walks">Number of walks, each of them checked.</param>
/// <param name="IdleChanges">Changes that the CPU made to nodes while the GPU was idle.</param>
/// <param name="ChangesDuringWalks">Changes that the CPU published while the GPU walked.</param>
/// <param name="UnmapsDuringWalks">Pages that the CPU took out of the list and unmapped while the GPU walked.</param>
internal sealed record ListResult(long Nodes, ulong Sum, long Walks, long IdleChanges, long ChangesDuringWalks, long UnmapsDuringWalks);
