namespace GpuSvm.Core;

/// <content>The nodes: rows of the same arrays.</content>
public sealed partial class IntervalTree<T>
{
    /// <summary>The fewest places in use of a node that is not the root.</summary>
    private const int Fewest = IntervalRow.Width / 2;

    /// <summary>By place: start of the interval, or lowest start below the child. Rises within a node; the highest number where nothing is.</summary>
    private ulong[] _starts = [];

    /// <summary>By place: end of the interval, or highest end below the child. 0 where nothing is.</summary>
    private ulong[] _ends = [];

    /// <summary>By place: the slot of the interval, or the child. 0 where nothing is.</summary>
    private int[] _links = [];

    /// <summary>By place: the value of the interval.</summary>
    private Cell[] _values = [];

    /// <summary>By node.</summary>
    private Head[] _heads = [];

    private int _root;
    private int _usedNodes = 1;
    private int _freeNode;

    private static int FirstPlace(int node) => node << IntervalRow.WidthBits;

    private static int NodeOf(int place) => place >> IntervalRow.WidthBits;

    private ReadOnlySpan<ulong> StartsOf(int node) => _starts.AsSpan(FirstPlace(node), IntervalRow.Width);

    private ReadOnlySpan<ulong> EndsOf(int node) => _ends.AsSpan(FirstPlace(node), IntervalRow.Width);

    /// <summary>Makes room for all nodes that so many intervals can need.</summary>
    /// <remarks>n intervals need at most n / 8 leaves, n / 64 nodes above them, … and a root that is less than half full. Node 0 is none.</remarks>
    private void GrowNodes(int intervals)
    {
        int nodes = 2 + (intervals / (Fewest - 1));
        Array.Resize(ref _heads, nodes);
        Array.Resize(ref _starts, FirstPlace(nodes));
        Array.Resize(ref _ends, FirstPlace(nodes));
        Array.Resize(ref _links, FirstPlace(nodes));
        Array.Resize(ref _values, FirstPlace(nodes));
    }

    private int AllocateNode(int level)
    {
        int node = _freeNode;
        if (node != None)
        {
            _freeNode = _heads[node].Parent;
        }
        else
        {
            node = _usedNodes++;
        }

        _heads[node] = new Head { Level = level };
        Clear(node, 0);
        return node;
    }

    private void ReleaseNode(int node)
    {
        Clear(node, 0);
        _heads[node].Parent = _freeNode;
        _freeNode = node;
    }

    /// <summary>Puts an entry at a free place.</summary>
    private void Put(int place, Entry entry)
    {
        _starts[place] = entry.Start;
        _ends[place] = entry.End;
        _links[place] = entry.Link;
    }

    /// <summary>What a parent holds of a child.</summary>
    private Entry EntryFor(int node) => new(_starts[FirstPlace(node)], IntervalRow.Highest(EndsOf(node)), node);

    /// <summary>Copies entries to places of the same node or of another one of its level.</summary>
    private void Move(int from, int at, int to, int toAt, int count)
    {
        int source = FirstPlace(from) + at;
        int target = FirstPlace(to) + toAt;
        _starts.AsSpan(source, count).CopyTo(_starts.AsSpan(target, count));
        _ends.AsSpan(source, count).CopyTo(_ends.AsSpan(target, count));
        _links.AsSpan(source, count).CopyTo(_links.AsSpan(target, count));
        if (_heads[to].Level == 0)
        {
            _values.AsSpan(source, count).CopyTo(_values.AsSpan(target, count));
        }

        if (from != to)
        {
            foreach (int link in _links.AsSpan(target, count))
            {
                Adopt(to, link);
            }
        }
    }

    /// <summary>Tells a child its parent, or a slot its leaf.</summary>
    private void Adopt(int node, int link)
    {
        if (_heads[node].Level == 0)
        {
            _slots[link].Leaf = node;
        }
        else
        {
            _heads[link].Parent = node;
        }
    }

    /// <summary>Empties the places of a node from one on.</summary>
    private void Clear(int node, int from)
    {
        int place = FirstPlace(node) + from;
        int count = IntervalRow.Width - from;
        _starts.AsSpan(place, count).Fill(ulong.MaxValue);
        _ends.AsSpan(place, count).Clear();
        _links.AsSpan(place, count).Clear();
        _values.AsSpan(place, count).Clear();
        _heads[node].Count = from;
    }

    private struct Head
    {
        /// <summary>The parent, of no meaning in the root; in a free node the next free one.</summary>
        public int Parent;

        /// <summary>Places in use, from the first on.</summary>
        public int Count;

        /// <summary>0 for a leaf, one more than that of the children otherwise.</summary>
        public int Level;
    }

    /// <summary>A value: wrapped, since .NET asks at each store to an array of objects, and at each copy, whether they are of its kind.</summary>
    private struct Cell
    {
        public T? Value;
    }

    /// <summary>An interval in a leaf, or a child in its parent.</summary>
    private readonly record struct Entry(ulong Start, ulong End, int Link);
}
