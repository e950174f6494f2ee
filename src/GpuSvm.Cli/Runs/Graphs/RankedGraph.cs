namespace GpuSvm.Cli.Runs.Graphs;

/// <summary>A graph in a process's memory, by the arcs that enter each node, with the ranks of its nodes.</summary>
internal sealed class RankedGraph
{
    private readonly RunSession _session;
    private readonly int _blocks;
    private readonly int _nodes;
    private PageRankArgs _args;

    private RankedGraph(RunSession session, GraphIndex index, Stream edges)
    {
        _session = session;
        _nodes = index.NodeCount;
        _blocks = session.BlocksFor(_nodes);
        long[] degrees = new long[_nodes];
        ulong sources = session.Map(4 * (ulong)index.ArcCount);
        foreach (Arc arc in index.Arcs(edges))
        {
            session.Target.Store(sources + (4 * (ulong)arc.Slot), arc.To);
            degrees[arc.To]++;
        }

        double[] ranks = new double[_nodes];
        Array.Fill(ranks, 1.0 / _nodes);
        double[] shares = [.. degrees.Select(degree => degree == 0 ? 0 : 1.0 / _nodes / degree)];
        _args = new PageRankArgs(
            session.Place(index.Offsets),
            sources,
            session.Place<long>(degrees),
            session.Place<double>(ranks),
            session.Place<double>(shares),
            NextShares: session.Map(8 * (ulong)_nodes),
            Partials: session.Map(PageRank.PartialBytes * (ulong)_blocks * (ulong)RunSession.BlockSize),
            _nodes,
            PageRank.Base(_nodes, lost: (double)degrees.Count(degree => degree == 0) / _nodes));
    }

    /// <summary>Streams an edge list into memory; all ranks are equal.</summary>
    /// <param name="session">The run.</param>
    /// <param name="index">The list's index, made with <see cref="EdgeDirection.Reversed"/>.</param>
    /// <param name="edges">The list.</param>
    public static RankedGraph Load(RunSession session, GraphIndex index, Stream edges) => new(session, index, edges);

    /// <summary>Does one iteration.</summary>
    /// <returns>The sum of all changes of ranks.</returns>
    public async Task<double> IterateAsync()
    {
        await _session.LaunchAsync(PageRank.Kernel, _blocks, RunSession.BlockSize, _args).ConfigureAwait(false);
        double lost = 0;
        double change = 0;
        ulong end = _args.Partials + (PageRank.PartialBytes * (ulong)_blocks * (ulong)RunSession.BlockSize);
        for (ulong partial = _args.Partials; partial < end; partial += PageRank.PartialBytes)
        {
            lost += _session.Target.Load<double>(partial);
            change += _session.Target.Load<double>(partial + sizeof(double));
        }

        _args = _args with { Shares = _args.NextShares, NextShares = _args.Shares, Base = PageRank.Base(_nodes, lost) };
        return change;
    }

    /// <summary>The rank of a node.</summary>
    public double RankOf(int node) => _session.Target.Load<double>(_args.Ranks + (8 * (ulong)node));
}
