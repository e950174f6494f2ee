using System.Runtime.CompilerServices;

namespace GpuSvm.Core;

/// <summary>Values in the order of their keys, which are all different: blocks of a few dozen entries and one list of the blocks.</summary>
/// <typeparam name="TKey">The key.</typeparam>
/// <typeparam name="TValue">What is kept for a key.</typeparam>
/// <remarks>
/// <para>
/// Up to some hundred thousand entries this is faster than a balanced tree: a search reads two short arrays instead of a path of nodes.
/// Blocks are used again: nothing is allocated until the index is larger than it ever was. A search is O(log n); insertion and removal
/// also move the rest of one block and, once in some dozens of times, the rest of the list of blocks.
/// </para>
/// <para><b>Locking:</b> not thread-safe, for reading either: a search remembers where it ended.</para>
/// </remarks>
public sealed class SortedIndex<TKey, TValue>
    where TKey : unmanaged, ISortKey<TKey>
    where TValue : class
{
    private const int Capacity = 64;

    // Below a quarter a block looks for a neighbour that it fits into.
    private const int Few = Capacity / 4;

    // The first key of each block, beside the blocks, so that the search for a block reads one array. A key that was removed may stay here.
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

    /// <summary>Takes an entry out.</summary>
    /// <returns>Its value, or null when the key is not there.</returns>
    public TValue? Remove(in TKey key)
    {
        SortedPosition position = Exactly(key);
        return position.IsEnd ? null : RemoveAt(position);
    }

    /// <summary>Takes the entry at a position out; all positions are void then.</summary>
    public TValue RemoveAt(SortedPosition position)
    {
        Block block = _blocks[position.Block];
        TValue value = block.RemoveAt(position.Index);
        Count--;
        if (block.Count < Few)
        {
            Shrink(position.Block);
        }

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
            return block.Values[index].Value;
        }

        if (index > 0)
        {
            return block.Values[index - 1].Value;
        }

        return at > 0 ? _blocks[at - 1].Values[_blocks[at - 1].Count - 1].Value : null;
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
    public TValue At(SortedPosition position) => _blocks[position.Block].Values[position.Index].Value!;

    private SortedPosition Exactly(in TKey key)
    {
        int at = BlockOf(key);
        Block block = _blocks[at];
        int index = block.LowerBound(key);
        return index < block.Count && !TKey.IsLess(key, block.Keys[index]) ? new SortedPosition(at, index) : SortedPosition.End;
    }

    /// <summary>Only the last block of all can be left behind: no block but a single one is empty.</summary>
    private SortedPosition Normalised(int block, int index)
    {
        if (index < _blocks[block].Count)
        {
            return new SortedPosition(block, index);
        }

        return block + 1 < _blockCount ? new SortedPosition(block + 1, 0) : SortedPosition.End;
    }

    /// <summary>The last block whose first key is not greater; the first block for a key before all others.</summary>
    private int BlockOf(in TKey key)
    {
        // What is asked for lies beside what was asked for last, more often than not.
        int recent = _recent;
        if (recent < _blockCount &&
            (recent == 0 || !TKey.IsLess(key, _firsts[recent])) &&
            (recent + 1 == _blockCount || TKey.IsLess(key, _firsts[recent + 1])))
        {
            return recent;
        }

        int low = 0;
        int length = _blockCount;
        while (length > Capacity)
        {
            int half = length >> 1;
            low += half * (TKey.IsLess(key, _firsts[low + half]) ? 0 : 1);
            length -= half;
        }

        int end = low + length;
        low += TKey.CountLess(_firsts.AsSpan(low + 1, length - 1), key);
        if (low + 1 < end && !TKey.IsLess(key, _firsts[low + 1]))
        {
            // The key is the first of that block.
            low++;
        }

        return _recent = low;
    }

    private void Split(int at)
    {
        Block block = _blocks[at];
        Block upper = _spare ?? new Block();
        _spare = upper.NextSpare;
        upper.NextSpare = null;
        block.MoveTail(Capacity / 2, upper);
        if (_blockCount == _blocks.Length)
        {
            Array.Resize(ref _blocks, 2 * _blockCount);
            Array.Resize(ref _firsts, 2 * _blockCount);
        }

        int behind = _blockCount - at - 1;
        Array.Copy(_blocks, at + 1, _blocks, at + 2, behind);
        Array.Copy(_firsts, at + 1, _firsts, at + 2, behind);
        _blocks[at + 1] = upper;
        _firsts[at + 1] = upper.Keys[0];
        _blockCount++;
    }

    /// <summary>Joins a small block with a neighbour if the two then fill no more than three quarters of one, and an empty one always.</summary>
    private void Shrink(int at)
    {
        if (at + 1 < _blockCount && MayJoin(at))
        {
            Join(at);
        }
        else if (at > 0 && MayJoin(at - 1))
        {
            Join(at - 1);
        }
    }

    private bool MayJoin(int at)
    {
        int lower = _blocks[at].Count;
        int upper = _blocks[at + 1].Count;
        return lower == 0 || upper == 0 || lower + upper <= Capacity - Few;
    }

    private void Join(int at)
    {
        Block emptied = _blocks[at + 1];
        emptied.MoveTail(0, _blocks[at]);
        int behind = _blockCount - at - 2;
        Array.Copy(_blocks, at + 2, _blocks, at + 1, behind);
        Array.Copy(_firsts, at + 2, _firsts, at + 1, behind);
        _blockCount--;
        emptied.NextSpare = _spare;
        _spare = emptied;
    }

    /// <summary>A value of its own type: an array of references would look at the type of each that is put in.</summary>
    private struct Slot
    {
        public TValue? Value;
    }

    private sealed class Block
    {
        public readonly TKey[] Keys = new TKey[Capacity];
        public readonly Slot[] Values = new Slot[Capacity];
        public int Count;
        public Block? NextSpare;

        /// <summary>Index of the first key that is not less, or <see cref="Count"/>.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public int LowerBound(in TKey key)
        {
            ReadOnlySpan<TKey> keys = Keys.AsSpan(0, Count);
            return keys.IsEmpty || TKey.IsLess(keys[^1], key) ? keys.Length : TKey.CountLess(keys, key);
        }

        public void InsertAt(int index, in TKey key, TValue value)
        {
            Array.Copy(Keys, index, Keys, index + 1, Count - index);
            Array.Copy(Values, index, Values, index + 1, Count - index);
            Keys[index] = key;
            Values[index].Value = value;
            Count++;
        }

        public TValue RemoveAt(int index)
        {
            TValue value = Values[index].Value!;
            Count--;
            Array.Copy(Keys, index + 1, Keys, index, Count - index);
            Array.Copy(Values, index + 1, Values, index, Count - index);
            Values[Count].Value = null;
            return value;
        }

        /// <summary>Moves the entries from an index on to the end of another block.</summary>
        public void MoveTail(int from, Block target)
        {
            int moved = Count - from;
            Array.Copy(Keys, from, target.Keys, target.Count, moved);
            Array.Copy(Values, from, target.Values, target.Count, moved);
            Array.Clear(Values, from, moved);
            target.Count += moved;
            Count = from;
        }
    }
}
