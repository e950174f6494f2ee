using System.Numerics;
using System.Runtime.CompilerServices;

namespace GpuSvm.Driver;

/// <summary>Puts the faults of a batch together by block as they come: a chain for each block, found by hashing.</summary>
/// <param name="next">The fault, or the run of faults, that came after each, of the same block; shared by the tables of a batch.</param>
/// <param name="capacity">Largest number of blocks.</param>
internal sealed class BlockTable(int[] next, int capacity)
{
    private const ulong Multiplier = 0x9E37_79B9_7F4A_7C15;

    // A power of two, at least twice the capacity; holds chain numbers plus one.
    private readonly int[] _table = new int[2 * BitOperations.RoundUpToPowerOf2((uint)capacity)];
    private readonly int[] _slots = new int[capacity];
    private readonly ulong[] _blocks = new ulong[capacity];
    private readonly Chain[] _chains = new Chain[capacity];
    private readonly int[] _order = new int[capacity];
    private readonly FaultSorter _sorter = new(capacity);
    private int _count;
    private int _last;

    /// <summary>Empties the table.</summary>
    public void Clear()
    {
        foreach (int slot in _slots.AsSpan(0, _count))
        {
            _table[slot] = 0;
        }

        _count = 0;
        _last = 0;
    }

    /// <summary>Adds a fault to the chain of its block, as the last.</summary>
    /// <param name="number">The fault.</param>
    /// <param name="key">Its key.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(int number, FaultKey key)
    {
        ulong block = key.Block;
        ref Chain chain = ref _chains[_last];
        if (_count == 0 || chain.Block != block)
        {
            _last = ChainOf(block);
            chain = ref _chains[_last];
        }

        if (chain.Count++ == 0)
        {
            chain.Head = number;
        }
        else
        {
            next[chain.Tail] = number;
        }

        chain.Tail = number;
    }

    /// <summary>Copies the faults of each block side by side: who serves it reads memory in its order, which another thread has written.</summary>
    /// <param name="keys">The key of each fault.</param>
    /// <param name="runs">Where the copies go, from <paramref name="first"/> on.</param>
    /// <param name="first">The first place.</param>
    /// <remarks>From now on a chain is one of runs, named by the places at which they begin.</remarks>
    public void Group(ReadOnlySpan<ulong> keys, FaultRuns runs, int first)
    {
        foreach (ref Chain chain in _chains.AsSpan(0, _count))
        {
            int number = chain.Head;
            chain.Head = first;
            chain.Tail = first;
            runs.Counts[first] = chain.Count;
            for (int end = first + chain.Count; first < end; first++)
            {
                runs.Keys[first] = keys[number];
                runs.Numbers[first] = number;
                number = next[number];
            }
        }
    }

    /// <summary>Adds the chains of runs of another table, behind what is here: its faults came later.</summary>
    /// <param name="other">The other table; it is not used any more.</param>
    /// <param name="clients">The places here of the clients there.</param>
    public void Add(BlockTable other, List<int> clients)
    {
        foreach (ref readonly Chain added in other._chains.AsSpan(0, other._count))
        {
            ref Chain chain = ref _chains[ChainOf(FaultKey.BlockWith(added.Block, clients[FaultKey.ClientOf(added.Block)]))];
            if (chain.Count == 0)
            {
                chain.Head = added.Head;
            }
            else
            {
                next[chain.Tail] = added.Head;
            }

            chain.Tail = added.Tail;
            chain.Count += added.Count;
        }
    }

    /// <summary>Lays the blocks out one behind the other, in the order of clients and addresses.</summary>
    /// <param name="blocks">Where they go.</param>
    /// <returns>Their number.</returns>
    public int LayOut(Span<FaultBlock> blocks)
    {
        Span<int> order = _order.AsSpan(0, _count);
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
            _blocks[i] = _chains[i].Block;
        }

        _sorter.Sort(_blocks.AsSpan(0, _count), order);
        int first = 0;
        for (int i = 0; i < order.Length; i++)
        {
            ref readonly Chain chain = ref _chains[order[i]];
            blocks[i] = new FaultBlock(first, first + chain.Count, chain.Head);
            first += chain.Count;
        }

        return _count;
    }

    private int ChainOf(ulong block)
    {
        int mask = _table.Length - 1;
        int slot = (int)(unchecked(block * Multiplier) >> 40) & mask;
        while (_table[slot] != 0)
        {
            if (_chains[_table[slot] - 1].Block == block)
            {
                return _table[slot] - 1;
            }

            slot = (slot + 1) & mask;
        }

        _slots[_count] = slot;
        _chains[_count] = new Chain { Block = block };
        _table[slot] = ++_count;
        return _count - 1;
    }

    private struct Chain
    {
        public ulong Block;
        public int Head;
        public int Tail;
        public int Count;
    }
}
