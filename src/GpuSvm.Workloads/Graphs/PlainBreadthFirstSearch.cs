namespace GpuSvm.Workloads;

/// <summary>Breadth-first search by one CPU thread: what the kernel's result is compared with.</summary>
/// <remarks>Keeps each node's arcs as a chain, not in slots, so that a mistake in the slots does not hide itself.</remarks>
public static class PlainBreadthFirstSearch
{
    /// <summary>The level of a node that is not reached.</summary>
    public const int Unreached = -1;

    /// <summary>Searches from a node.</summary>
    /// <param name="index">The graph's nodes.</param>
    /// <param name="edges">The list that the index was made from, at its beginning.</param>
    /// <param name="source">Number of the node to begin with.</param>
    /// <returns>For each node the number of arcs from the source, or <see cref="Unreached"/>.</returns>
    public static int[] Levels(GraphIndex index, Stream edges, int source)
    {
        int[] first = new int[index.NodeCount];
        Array.Fill(first, -1);
        List<(int To, int Next)> chain = [];
        foreach (Arc arc in index.Arcs(edges))
        {
            chain.Add((arc.To, first[arc.From]));
            first[arc.From] = chain.Count - 1;
        }

        int[] levels = new int[index.NodeCount];
        Array.Fill(levels, Unreached);
        levels[source] = 0;
        Queue<int> queue = new([source]);
        while (queue.TryDequeue(out int node))
        {
            for (int link = first[node]; link >= 0; link = chain[link].Next)
            {
                int to = chain[link].To;
                if (levels[to] == Unreached)
                {
                    levels[to] = levels[node] + 1;
                    queue.Enqueue(to);
                }
            }
        }

        return levels;
    }
}
