namespace GpuSvm.Core;

/// <summary>Values in the order of their keys, which are all different: blocks of a few dozen entries and one list of the blocks.</summary>
/// <typeparam name="TKey">The key.</typeparam>
/// <typeparam name="TValue">What is kept for a key.</typeparam>
/// <remarks>
/// <para>
/// Up to some hundred thousand entries this is faster than a balanced tree: a search reads two short arrays instead of a path of nodes.
/// Blocks are used again: nothing is allocated until the index is larger than it ever was. A search is O(log n); insertion and removal
/// also move the keys behind in one block and, once in some dozens of times, the rest of the list of blocks. A search whose answer lies in
/// the same block as the last one's looks for no block.
/// </para>
/// <para><b>Locking:</b> not thread-safe, for reading either: a search remembers where it ended.</para>
/// </remarks>
public sealed partial class SortedIndex<TKey, TValue>
    where TKey : unmanaged, ISortKey<TKey>
    where TValue : class
{
    private const int Capacity = 64;

    // Below a quarter a block looks for a neighbour that it fits into.
    private const int Few = Capacity / 4;

    // The first key of each block, beside the blocks, so that the search for a block reads one array.
    private TKey[] _firsts = new TKey[8];
    private Block[] _blocks = new Block[8];
    private int _blockCount = 1;
    private Block? _spare;
    private int _recent;

    /// <summary>Makes an empty index.</summary>
    public SortedIndex() => _blocks[0] = new Block();

    /// <summary>Number of entries.</summary>
    public int Count { get; private set; }

    /// <summary>Adds an entry.</summary>
    /// <exception cref="ArgumentException">The key is there already.</exception>
    public void Insert(in TKey key, TValue value)
    {
        ArgumentNullException.ThrowIfNull(value);
        int at = BlockOf(key);
        Block block = _blocks[at];
        if (block.Count == Capacity)
        {
            Split(at);
            if (!TKey.IsLess(key, _firsts[at + 1]))
            {
                block = _blocks[++at];
            }
        }

        int index = block.LowerBound(key);
        if (index < block.Count && !TKey.IsLess(key, block.Keys[index]))
        {
            throw new ArgumentException($"The key {key} is in the index already.", nameof(key));
        }

        block.InsertAt(index, key, value);
        if (index == 0)
        {
            _firsts[at] = key;
        }

        Count++;
    }

    /// <summary>Adds two entries. When no other comes between them this is hardly more than adding one.</summary>
    /// <exception cref="ArgumentException">A key is there already.</exception>
    public void Insert(in TKey first, TValue firstValue, in TKey second, TValue secondValue)
    {
        ArgumentNullException.ThrowIfNull(firstValue);
        ArgumentNullException.ThrowIfNull(secondValue);
        int at = BlockOf(first);
        Block block = _blocks[at];
        int index = block.LowerBound(first);
        if (block.Count > Capacity - 2 || index == 0 || !TKey.IsLess(first, second) || !IsBefore(second, at, index))
        {
            Insert(first, firstValue);
            Insert(second, secondValue);
            return;
        }

        block.InsertTwoAt(index, first, firstValue, second, secondValue);
        Count += 2;
    }

    /// <summary>Takes an entry out.</summary>
    /// <returns>Its value, or null when the key is not there.</returns>
    public TValue? Remove(in TKey key)
    {
        SortedPosition position = Exactly(key);
        return position.IsEnd ? null : RemoveAt(position);
    }

    /// <summary>Takes two entries out, if they are there. When they lie side by side this is hardly more than taking out one.</summary>
    public void Remove(in TKey first, in TKey second)
    {
        SortedPosition position = Exactly(first);
        if (position.IsEnd || !IsAt(second, position.Block, position.Index + 1))
        {
            Remove(first);
            Remove(second);
            return;
        }

        RemoveAt(position, count: 2);
    }

    /// <summary>Gives an entry another key, which stands at the same place in the order. All positions stay.</summary>
    /// <exception cref="ArgumentException">There is no such entry, or another entry lies between the keys.</exception>
    public void Rekey(in TKey from, in TKey to)
    {
        SortedPosition position = Exactly(from);
        if (position.IsEnd || !IsBefore(to, position.Block, position.Index + 1) || !IsBehind(to, position.Block, position.Index - 1))
        {
            throw new ArgumentException($"The key {from} cannot become {to}.", nameof(to));
        }

        _blocks[position.Block].Keys[position.Index] = to;
        if (position.Index == 0)
        {
            _firsts[position.Block] = to;
        }
    }

    /// <summary>Takes the entry at a position out; all positions are void then.</summary>
    public TValue RemoveAt(SortedPosition position)
    {
        TValue value = At(position);
        RemoveAt(position, count: 1);
        return value;
    }

    /// <summary>The value of the greatest key that is not greater than <paramref name="key"/>, or null.</summary>
    public TValue? Floor(in TKey key)
    {
        int at = BlockOf(key);
        Block block = _blocks[at];
        int index = block.LowerBound(key);
        if (index < block.Count && !TKey.IsLess(key, block.Keys[index]))
        {
            return block.ValueAt(index);
        }

        if (index > 0)
        {
            return block.ValueAt(index - 1);
        }

        return at > 0 ? _blocks[at - 1].ValueAt(_blocks[at - 1].Count - 1) : null;
    }

    /// <summary>The position of the least key that is not less than <paramref name="key"/>.</summary>
    public SortedPosition Ceiling(in TKey key)
    {
        int at = BlockOf(key);
        return Normalised(at, _blocks[at].LowerBound(key));
    }

    /// <summary>The position behind another one.</summary>
    public SortedPosition Next(SortedPosition position) => Normalised(position.Block, position.Index + 1);

    /// <summary>The value at a position that is not the end.</summary>
    public TValue At(SortedPosition position) => _blocks[position.Block].ValueAt(position.Index);

    private void RemoveAt(SortedPosition position, int count)
    {
        Block block = _blocks[position.Block];
        block.RemoveAt(position.Index, count);
        Count -= count;
        if (position.Index == 0 && block.Count > 0)
        {
            _firsts[position.Block] = block.Keys[0];
        }

        if (block.Count < Few)
        {
            Shrink(position.Block);
        }
    }
}
