namespace GpuSvm.Workloads;

/// <summary>The nodes of an edge list and where the arcs of each begin: a compressed sparse row graph without the arcs.</summary>
/// <remarks>
/// <para>
/// Nodes get the numbers 0, 1, 2, … in the order in which their ids first occur in the list. The arcs of node n take the slots from
/// <c>Offsets[n]</c> up to <c>Offsets[n + 1]</c>, in the order of the list.
/// </para>
/// <para>The arcs are given by a second pass, <see cref="Arcs"/>, so that whoever stores them does so directly where they belong.</para>
/// </remarks>
public sealed class GraphIndex
{
    private readonly Dictionary<long, int> _nodes = [];
    private readonly List<long> _ids = [];
    private readonly EdgeDirection _direction;
    private readonly long[] _offsets;

    private GraphIndex(Stream edges, EdgeDirection direction)
    {
        _direction = direction;
        List<long> degrees = [];
        var reader = new EdgeListReader(edges);
        while (reader.TryRead(out Edge edge))
        {
            int from = NodeOf(edge.From, degrees);
            int to = NodeOf(edge.To, degrees);
            EdgeCount++;
            degrees[from] += direction != EdgeDirection.Reversed ? 1 : 0;
            degrees[to] += direction != EdgeDirection.Directed ? 1 : 0;
        }

        _offsets = new long[degrees.Count + 1];
        for (int node = 0; node < degrees.Count; node++)
        {
            _offsets[node + 1] = _offsets[node] + degrees[node];
        }
    }

    /// <summary>Number of nodes.</summary>
    public int NodeCount => _ids.Count;

    /// <summary>Number of edges in the list, those that occur again included.</summary>
    public long EdgeCount { get; }

    /// <summary>Number of arcs: as many as edges, or twice as many when each may be followed both ways.</summary>
    public long ArcCount => _offsets[^1];

    /// <summary>First slot of each node's arcs, and behind them the number of arcs.</summary>
    public ReadOnlySpan<long> Offsets => _offsets;

    /// <summary>First pass over a list.</summary>
    /// <exception cref="EdgeListException">A line is neither a comment nor two integers.</exception>
    public static GraphIndex Read(Stream edges, EdgeDirection direction) => new(edges, direction);

    /// <summary>The id that a node has in the list.</summary>
    public long IdOf(int node) => _ids[node];

    /// <summary>The number of the node with an id; false when no edge names it.</summary>
    public bool TryFind(long id, out int node) => _nodes.TryGetValue(id, out node);

    /// <summary>Second pass over the same list: every arc with the slot that it belongs to.</summary>
    /// <exception cref="IOException">The list is not the one of the first pass.</exception>
    public IEnumerable<Arc> Arcs(Stream edges)
    {
        long[] next = [.. _offsets];
        var reader = new EdgeListReader(edges);
        while (reader.TryRead(out Edge edge))
        {
            if (!TryFind(edge.From, out int from) || !TryFind(edge.To, out int to))
            {
                throw new IOException("The edge list changed while it was read.");
            }

            if (_direction != EdgeDirection.Reversed)
            {
                yield return Place(next, from, to);
            }

            if (_direction != EdgeDirection.Directed)
            {
                yield return Place(next, to, from);
            }
        }
    }

    private Arc Place(long[] next, int from, int to) =>
        next[from] < _offsets[from + 1]
            ? new Arc(next[from]++, from, to)
            : throw new IOException("The edge list changed while it was read.");

    private int NodeOf(long id, List<long> degrees)
    {
        if (!_nodes.TryGetValue(id, out int node))
        {
            node = _ids.Count;
            _nodes.Add(id, node);
            _ids.Add(id);
            degrees.Add(0);
        }

        return node;
    }
}
