using System.Numerics;

namespace GpuSvm.Driver;

/// <summary>Puts the faults of a batch together by block as they come: a chain for each block, found by hashing.</summary>
/// <param name="capacity">Largest number of faults.</param>
internal sealed class BlockTable(int capacity)
{
    private const int None = -1;
    private const ulong Multiplier = 0x9E37_79B9_7F4A_7C15;

    // A power of two, at least twice the capacity; holds chain numbers plus one.
    private readonly int[] _table = new int[2 * BitOperations.RoundUpToPowerOf2((uint)capacity)];
    private readonly int[] _slots = new int[capacity];
    private readonly ulong[] _blocks = new ulong[capacity];
    private readonly int[] _chains = new int[capacity];
    private readonly int[] _heads = new int[capacity];
    private readonly int[] _tails = new int[capacity];
    private readonly int[] _counts = new int[capacity];
    private readonly int[] _next = new int[capacity];
    private readonly FaultSorter _sorter = new(capacity);
    private int _count;
    private int _last = None;

    /// <summary>Empties the table.</summary>
    public void Clear()
    {
        foreach (int slot in _slots.AsSpan(0, _count))
        {
            _table[slot] = 0;
        }

        _count = 0;
        _last = None;
    }

    /// <summary>Adds a fault to the chain of its block, as the last.</summary>
    /// <param name="number">The fault.</param>
    /// <param name="key">Its key.</param>
    public void Add(int number, FaultKey key)
    {
        ulong block = key.Block;
        int chain = _last != None && _blocks[_last] == block ? _last : ChainOf(block);
        _last = chain;
        if (_counts[chain]++ == 0)
        {
            _heads[chain] = number;
        }
        else
        {
            _next[_tails[chain]] = number;
        }

        _tails[chain] = number;
    }

    /// <summary>Lays the blocks out one behind the other, in the order of clients and addresses.</summary>
    /// <param name="blocks">Where they go.</param>
    /// <returns>Their number.</returns>
    public int LayOut(Span<FaultBlock> blocks)
    {
        // The chains are found by their numbers from now on, not by their blocks.
        Span<int> chains = _chains.AsSpan(0, _count);
        for (int i = 0; i < chains.Length; i++)
        {
            chains[i] = i;
        }

        _sorter.Sort(_blocks.AsSpan(0, _count), chains);
        int first = 0;
        for (int i = 0; i < chains.Length; i++)
        {
            int end = first + _counts[chains[i]];
            blocks[i] = new FaultBlock(first, end, _heads[chains[i]]);
            first = end;
        }

        return _count;
    }

    /// <summary>The fault that came after another of the same block, which is not the last.</summary>
    public int Next(int number) => _next[number];

    private int ChainOf(ulong block)
    {
        int mask = _table.Length - 1;
        int slot = (int)(unchecked(block * Multiplier) >> 40) & mask;
        while (_table[slot] != 0)
        {
            if (_blocks[_table[slot] - 1] == block)
            {
                return _table[slot] - 1;
            }

            slot = (slot + 1) & mask;
        }

        _slots[_count] = slot;
        _blocks[_count] = block;
        _counts[_count] = 0;
        _table[slot] = ++_count;
        return _count - 1;
    }
}
