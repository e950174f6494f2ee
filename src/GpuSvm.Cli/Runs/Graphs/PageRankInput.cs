namespace GpuSvm.Cli.Runs.Graphs;

/// <summary>The input of PageRank.</summary>
/// <param name="Path">The edge list as the user named it.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Nodes">Number of different node ids in it.</param>
/// <param name="Edges">Number of its edges.</param>
internal sealed record PageRankInput(string Path, long Bytes, long Nodes, long Edges);
