using System.Runtime.InteropServices;

namespace GpuSvm.Cli.Runs.Graphs;

/// <summary>A graph in a process's memory, in compressed sparse rows, with room for the state of a search.</summary>
internal sealed class ProcessGraph
{
    private const int BlockNodes = 1 << 16;

    private readonly RunSession _session;
    private readonly int _nodes;

    private ProcessGraph(RunSession session, GraphIndex index)
    {
        _session = session;
        _nodes = index.NodeCount;
        ulong queueBytes = 4 * (ulong)_nodes;
        Args = new BreadthFirstSearchArgs(
            Offsets: session.Map(8 * (ulong)index.Offsets.Length),
            Targets: session.Map(4 * (ulong)index.ArcCount),
            Levels: session.Map(queueBytes),
            EvenQueue: session.Map(queueBytes),
            OddQueue: session.Map(queueBytes),
            State: session.Map(BreadthFirstSearch.StateBytes));
    }

    /// <summary>Where everything lies.</summary>
    public BreadthFirstSearchArgs Args { get; }

    /// <summary>Number of nodes in the frontier; 0 when the search is over.</summary>
    public long FrontierCount => _session.Target.Load<long>(Args.State + BreadthFirstSearch.CountOffset);

    /// <summary>Streams an edge list into memory: each arc is stored straight where it belongs.</summary>
    public static ProcessGraph Load(RunSession session, GraphIndex index, Stream edges)
    {
        var graph = new ProcessGraph(session, index);
        session.Target.Write(graph.Args.Offsets, MemoryMarshal.AsBytes(index.Offsets));
        foreach (Arc arc in index.Arcs(edges))
        {
            session.Target.Store(graph.Args.Targets + (4 * (ulong)arc.Slot), arc.To);
        }

        return graph;
    }

    /// <summary>Sets the state of the search to its beginning.</summary>
    public void Begin(int source)
    {
        int[] unreached = new int[Math.Min(BlockNodes, _nodes)];
        Array.Fill(unreached, PlainBreadthFirstSearch.Unreached);
        for (int node = 0; node < _nodes; node += BlockNodes)
        {
            ReadOnlySpan<int> block = unreached.AsSpan(0, Math.Min(BlockNodes, _nodes - node));
            _session.Target.Write(Args.Levels + (4 * (ulong)node), MemoryMarshal.AsBytes(block));
        }

        _session.Target.Store(Args.Levels + (4 * (ulong)source), 0);
        _session.Target.Store(Args.EvenQueue, source);
        _session.Target.Store(Args.State + BreadthFirstSearch.CountOffset, 1L);
    }

    /// <summary>The level of a node; <see cref="PlainBreadthFirstSearch.Unreached"/> if the search did not get there.</summary>
    public int LevelOf(int node) => _session.Target.Load<int>(Args.Levels + (4 * (ulong)node));
}
