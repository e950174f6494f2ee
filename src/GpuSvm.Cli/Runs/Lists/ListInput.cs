namespace GpuSvm.Cli.Runs.Lists;

/// <summary>The input of the list workload.</summary>
/// <param name="Nodes">Number of nodes that the list began with.</param>
/// <param name="Mutate">True if the CPU changed the list.</param>
internal sealed record ListInput(long Nodes, bool Mutate);
