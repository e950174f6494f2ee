namespace GpuSvm.Driver;

/// <summary>The interval of each node of a <see cref="TableAlignedStrategy"/>, by the node's number: an array of arrays, read without a lock.</summary>
/// <remarks>
/// Of the two levels the lower one is made where it is needed, and stays. Locking: reads need none; writes are made under the update lock.
/// </remarks>
internal sealed class NodeTable
{
    private const long ReferenceBytes = 8;

    private readonly ulong _base;
    private readonly int _nodeShift;
    private readonly int _leafBits;
    private readonly IntervalNotifier?[]?[] _leaves;
    private int _leafCount;

    /// <summary>Makes an empty table.</summary>
    /// <param name="bounds">All addresses that will be asked for; begins at a multiple of the node size.</param>
    /// <param name="nodeSize">Bytes of a node: a power of two.</param>
    public NodeTable(AddressRange bounds, ulong nodeSize)
    {
        _base = bounds.Start;
        _nodeShift = System.Numerics.BitOperations.Log2(nodeSize);
        ulong nodes = ((bounds.Length - 1) >> _nodeShift) + 1;
        int bits = nodes == 1 ? 0 : System.Numerics.BitOperations.Log2(nodes - 1) + 1;
        _leafBits = bits / 2;
        _leaves = new IntervalNotifier?[]?[1 << (bits - _leafBits)];
    }

    /// <summary>Memory of the table. Under the update lock.</summary>
    public long Bytes => (_leaves.Length + ((long)_leafCount << _leafBits)) * ReferenceBytes;

    /// <summary>The interval of the node that holds an address, or null.</summary>
    public IntervalNotifier? Read(VirtualAddress address)
    {
        ulong node = NodeOf(address);
        return SharedWord.Read(in _leaves[node >> _leafBits]) is { } leaf ? SharedWord.Read(in leaf[IndexOf(node)]) : null;
    }

    /// <summary>Sets the interval of the node that holds an address. Under the update lock.</summary>
    public void Write(VirtualAddress address, IntervalNotifier? notifier)
    {
        ulong node = NodeOf(address);
        ref IntervalNotifier?[]? place = ref _leaves[node >> _leafBits];
        if (place is not { } leaf)
        {
            leaf = new IntervalNotifier?[1 << _leafBits];
            SharedWord.Write(ref place, leaf);
            _leafCount++;
        }

        SharedWord.Write(ref leaf[IndexOf(node)], notifier);
    }

    /// <summary>The addresses of the node that holds an address.</summary>
    public AddressRange RangeAround(VirtualAddress address)
    {
        ulong size = 1UL << _nodeShift;
        return AddressRange.FromLength(address.Value & ~(size - 1), size);
    }

    /// <summary>Empties the table and gives what was in it. Under the update lock.</summary>
    public List<IntervalNotifier> TakeAll()
    {
        List<IntervalNotifier> all = [];
        foreach (IntervalNotifier?[]? leaf in _leaves)
        {
            for (int i = 0; i < leaf?.Length; i++)
            {
                if (leaf[i] is { } notifier)
                {
                    all.Add(notifier);
                    SharedWord.Write(ref leaf[i], null);
                }
            }
        }

        return all;
    }

    private ulong NodeOf(VirtualAddress address) => (address.Value - _base) >> _nodeShift;

    private int IndexOf(ulong node) => (int)(node & ((1UL << _leafBits) - 1));
}
