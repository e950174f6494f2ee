namespace GpuSvm.Workloads;

/// <summary>PageRank on the GPU, a launch for each iteration: every node draws rank from the nodes that lead to it.</summary>
/// <remarks>
/// Each sum is made by one thread in the order of the arcs, so that the result does not depend on who runs when.
/// Source: L. Page, S. Brin, R. Motwani, T. Winograd, "The PageRank citation ranking: bringing order to the web", 1999.
/// </remarks>
public static class PageRank
{
    /// <summary>Share of a node's rank that goes on along its arcs; the rest is spread over all nodes.</summary>
    public const double Damping = 0.85;

    /// <summary>Size in bytes of what a thread leaves: the rank of the nodes that lead nowhere, then by how much ranks changed.</summary>
    public const ulong PartialBytes = 2 * sizeof(double);

    /// <summary>What every node gets in an iteration, whoever leads to it.</summary>
    /// <param name="nodes">Number of nodes.</param>
    /// <param name="lost">Rank of the nodes that lead nowhere: it is spread over all nodes.</param>
    public static double Base(long nodes, double lost) => (1 - Damping + (Damping * lost)) / nodes;

    /// <summary>The kernel, for any grid: one iteration.</summary>
    public static async GpuTask Kernel(GpuThread t, PageRankArgs a)
    {
        double lost = 0;
        double change = 0;
        for (long node = t.GlobalIndex; node < a.Nodes; node += t.GridSize)
        {
            double rank = a.Base + (Damping * await SumOfShares(t, a, node));
            ulong old = a.Ranks + (8 * (ulong)node);
            change += Math.Abs(rank - await t.Load<double>(old));
            await t.Store(old, rank);
            long degree = await t.Load<long>(a.Degrees + (8 * (ulong)node));
            lost += degree == 0 ? rank : 0;
            await t.Store(a.NextShares + (8 * (ulong)node), degree == 0 ? 0 : rank / degree);
        }

        ulong partial = a.Partials + (PartialBytes * (ulong)t.GlobalIndex);
        await t.Store(partial, lost);
        await t.Store(partial + sizeof(double), change);
    }

    private static async GpuTask<double> SumOfShares(GpuThread t, PageRankArgs a, long node)
    {
        double sum = 0;
        ulong end = await t.Load<ulong>(a.Offsets + (8 * (ulong)node) + 8);
        for (ulong arc = await t.Load<ulong>(a.Offsets + (8 * (ulong)node)); arc < end; arc++)
        {
            uint from = await t.Load<uint>(a.Sources + (4 * arc));
            sum += await t.Load<double>(a.Shares + (8 * (ulong)from));
        }

        return sum;
    }
}
