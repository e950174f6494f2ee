namespace GpuSvm.Cli.Runs.Lists;

/// <summary>A linked list in a process's memory, and beside it what it should hold: the plain CPU's side of every check.</summary>
/// <remarks>
/// Nodes have numbers; where a node lies is left to chance: mappings at random addresses, and a random place in one of them. Every change
/// of a pointer is one atomic operation with a full fence, so that a GPU thread sees the list before it or after it.
/// </remarks>
internal sealed class ProcessList
{
    /// <summary>The number that stands for no node.</summary>
    public const int None = -1;

    private const int MappingCount = 8;
    private const ulong NodesPerPage = Page.Size / ListWalk.NodeBytes;
    private const ulong LowestHint = 1UL << 32;
    private const ulong HighestHint = 1UL << 46;

    private readonly RunSession _session;
    private readonly SeededRandom _random;
    private readonly ulong[] _addresses;
    private readonly ulong[] _values;
    private readonly int[] _next;
    private readonly int[] _previous;
    private readonly AddressRange[] _mappings = new AddressRange[MappingCount];

    /// <summary>Builds a list of random values.</summary>
    /// <param name="session">The run whose process gets the list.</param>
    /// <param name="count">Number of nodes, at least 1.</param>
    /// <param name="random">Where values and places come from.</param>
    public ProcessList(RunSession session, int count, SeededRandom random)
    {
        _session = session;
        _random = random;
        _addresses = new ulong[count];
        _values = new ulong[count];
        _next = new int[count];
        _previous = new int[count];
        Control = session.Map(ListWalk.ControlBytes);
        ChooseAddresses(count);
        for (int node = 0; node < count; node++)
        {
            _values[node] = random.Next(1UL << 32);
            _next[node] = node + 1 < count ? node + 1 : None;
            _previous[node] = node - 1;
            WriteNode(_addresses[node], _values[node], AddressOf(node + 1 < count ? node + 1 : None));
        }

        session.Target.Store(Control + ListWalk.HeadOffset, _addresses[0]);
    }

    /// <summary>Address of the block that holds the pointer to the first node.</summary>
    public ulong Control { get; }

    /// <summary>Number of nodes.</summary>
    public int Count => _addresses.Length;

    /// <summary>Number of changes of pointers, values and places of nodes so far.</summary>
    public long Changes { get; private set; }

    /// <summary>The node behind a node, or <see cref="None"/>.</summary>
    public int NextOf(int node) => _next[node];

    /// <summary>Where a node lies; 0 for <see cref="None"/>.</summary>
    public ulong AddressOf(int node) => node == None ? 0 : _addresses[node];

    /// <summary>The first node.</summary>
    public int First() => Array.IndexOf(_previous, None);

    /// <summary>What a walk must see from one node on to the end.</summary>
    /// <param name="from">The first node; <see cref="None"/> for an empty list.</param>
    public ListDigest DigestFrom(int from) => DigestBetween(from, None);

    /// <summary>What a walk must see from one node on up to, and without, another.</summary>
    public ListDigest DigestBetween(int from, int end)
    {
        var digest = default(ListDigest);
        for (int node = from; node != end; node = _next[node])
        {
            digest = digest.Add(_values[node]);
        }

        return digest;
    }

    /// <summary>Gives a node another value.</summary>
    public void SetValue(int node, ulong value)
    {
        _values[node] = value;
        _session.Target.Store(_addresses[node] + ListWalk.ValueOffset, value);
        Changes++;
    }

    /// <summary>Takes a node out and puts it in behind another; only while no walk is under way.</summary>
    public void MoveBehind(int node, int after)
    {
        if (node == after || _previous[node] == after)
        {
            return;
        }

        Link(_previous[node], _next[node]);
        Link(node, _next[after]);
        Link(after, node);
        Changes++;
    }

    /// <summary>Copies a node to another address and lets its predecessor point there; the old one stays as it is.</summary>
    public void Relocate(int node, ulong address)
    {
        WriteNode(address, _values[node], AddressOf(_next[node]));
        ulong old = _addresses[node];
        _addresses[node] = address;
        Publish(PointerTo(node), address, old);
        Changes++;
    }

    /// <summary>Moves one whole mapping: its nodes are copied to a new one at a random address, then the old one is unmapped.</summary>
    public void Remap(int mapping)
    {
        AddressRange old = _mappings[mapping];
        AddressRange moved = MapSomewhere(old.Length);
        _mappings[mapping] = moved;
        for (int node = 0; node < Count; node++)
        {
            if (old.Contains(_addresses[node]))
            {
                Relocate(node, moved.Start + (_addresses[node] - old.Start));
            }
        }

        _session.Target.Unmap(old.Start, old.Length);
    }

    /// <summary>One of the mappings that the nodes were spread over.</summary>
    public int RandomMapping() => _random.Next(MappingCount);

    /// <summary>Writes a node that nothing points to yet.</summary>
    public void WriteNode(ulong address, ulong value, ulong next)
    {
        _session.Target.Store(address + ListWalk.ValueOffset, value);
        _session.Target.Store(address + ListWalk.NextOffset, next);
    }

    /// <summary>Changes a pointer atomically; every store before it is visible to whoever sees the new pointer.</summary>
    /// <exception cref="RunFailedException">The pointer was not what the CPU had put there.</exception>
    public void Publish(ulong cell, ulong address, ulong expected)
    {
        ulong found = _session.Target.CompareExchange(cell, value: address, expected: expected);
        if (found != expected)
        {
            throw new RunFailedException($"the pointer at 0x{cell:x} is 0x{found:x}, but the CPU had put 0x{expected:x} there");
        }
    }

    private ulong PointerTo(int node) =>
        _previous[node] == None ? Control + ListWalk.HeadOffset : _addresses[_previous[node]] + ListWalk.NextOffset;

    /// <summary>Lets one node, or the head, point to another node, or to nothing.</summary>
    private void Link(int from, int to)
    {
        ulong cell = from == None ? Control + ListWalk.HeadOffset : _addresses[from] + ListWalk.NextOffset;
        Publish(cell, AddressOf(to), _session.Target.Load<ulong>(cell));
        if (from != None)
        {
            _next[from] = to;
        }

        if (to != None)
        {
            _previous[to] = from;
        }
    }

    private void ChooseAddresses(int count)
    {
        ulong nodes = (((ulong)count + MappingCount - 1) / MappingCount) + NodesPerPage - 1;
        ulong nodesPerMapping = nodes / NodesPerPage * NodesPerPage;
        for (int mapping = 0; mapping < MappingCount; mapping++)
        {
            _mappings[mapping] = MapSomewhere(nodesPerMapping * ListWalk.NodeBytes);
        }

        int[] places = [.. Enumerable.Range(0, (int)nodesPerMapping * MappingCount)];
        _random.Shuffle<int>(places);
        for (int node = 0; node < count; node++)
        {
            (int mapping, int place) = Math.DivRem(places[node], (int)nodesPerMapping);
            _addresses[node] = _mappings[mapping].Start + ((ulong)place * ListWalk.NodeBytes);
        }
    }

    private AddressRange MapSomewhere(ulong bytes)
    {
        ulong hint = Page.AlignDown(LowestHint + _random.Next(HighestHint - LowestHint));
        Errno error = _session.Target.TryMap(hint, bytes, out VirtualAddress address);
        return error == Errno.None
            ? AddressRange.FromLength(address, bytes)
            : throw new SvmException(error, $"The process could not map {new ByteSize(bytes)}.");
    }
}
