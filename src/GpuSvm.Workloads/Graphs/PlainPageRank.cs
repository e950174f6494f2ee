namespace GpuSvm.Workloads;

/// <summary>PageRank by one CPU thread: what the kernel's result is compared with.</summary>
/// <remarks>Pushes rank along the lines of the list, without slots, so that a mistake in the slots does not hide itself.</remarks>
public static class PlainPageRank
{
    /// <summary>Computes the ranks after some iterations, from equal ranks on.</summary>
    /// <param name="index">The graph's nodes.</param>
    /// <param name="edges">The list that the index was made from, at its beginning.</param>
    /// <param name="iterations">Number of iterations.</param>
    /// <returns>The rank of each node, and the sum of all changes in the last iteration.</returns>
    public static (double[] Ranks, double Change) Compute(GraphIndex index, Stream edges, int iterations)
    {
        List<(int From, int To)> arcs = Read(index, edges);
        long[] degrees = new long[index.NodeCount];
        foreach ((int from, _) in arcs)
        {
            degrees[from]++;
        }

        double[] ranks = new double[index.NodeCount];
        Array.Fill(ranks, 1.0 / ranks.Length);
        double change = 0;
        for (int iteration = 0; iteration < iterations; iteration++)
        {
            double[] next = Iterate(arcs, degrees, ranks);
            change = ranks.Zip(next, (before, after) => Math.Abs(after - before)).Sum();
            ranks = next;
        }

        return (ranks, change);
    }

    private static double[] Iterate(List<(int From, int To)> arcs, long[] degrees, double[] ranks)
    {
        double lost = ranks.Where((_, node) => degrees[node] == 0).Sum();
        double[] next = new double[ranks.Length];
        Array.Fill(next, ((1 - PageRank.Damping) / ranks.Length) + (PageRank.Damping * lost / ranks.Length));
        foreach ((int from, int to) in arcs)
        {
            next[to] += PageRank.Damping * ranks[from] / degrees[from];
        }

        return next;
    }

    private static List<(int From, int To)> Read(GraphIndex index, Stream edges)
    {
        List<(int From, int To)> arcs = [];
        var reader = new EdgeListReader(edges);
        while (reader.TryRead(out Edge edge))
        {
            arcs.Add(index.TryFind(edge.From, out int from) && index.TryFind(edge.To, out int to)
                ? (from, to)
                : throw new IOException("The edge list changed while it was read."));
        }

        return arcs;
    }
}
