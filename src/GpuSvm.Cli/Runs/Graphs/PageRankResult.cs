namespace GpuSvm.Cli.Runs.Graphs;

/// <summary>The ranks of a graph's nodes.</summary>
/// <param name="Iterations">Number of iterations.</param>
/// <param name="Change">Sum of all changes of ranks in the last one.</param>
/// <param name="Top">The nodes of highest rank, the highest first; of equal ranks the smaller id first.</param>
internal sealed record PageRankResult(int Iterations, double Change, NodeRank[] Top);
