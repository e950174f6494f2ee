namespace GpuSvm.Mmu.Areas;

/// <summary>Pieces in the order of numbers from 0 to 2^63 - 2, which are all different: blocks of a few dozen and one list of the blocks.</summary>
/// <remarks>
/// <para>
/// Whatever a block does not fill holds the greatest number, so that a search counts the lesser ones of a whole block with vector
/// instructions and without a branch. Insertion and removal move the rest of one block and, once in some dozens of times, the rest of the
/// list of blocks. Blocks are used again: nothing is allocated until the index is larger than it ever was.
/// </para>
/// <para>Locking: the caller's, exclusive, for searches too: they remember where they ended.</para>
/// </remarks>
internal sealed partial class PieceIndex
{
    private const int Capacity = PieceBlock.Capacity;

    // Below a quarter a block looks for a neighbour that it fits into.
    private const int Few = Capacity / 4;

    // A lower bound of each block, above everything in the block before it; the first block's is never asked. One block's length of
    // greatest numbers follows.
    private long[] _bounds = NewBounds(Capacity);
    private PieceBlock[] _blocks = new PieceBlock[Capacity];
    private int _blockCount = 1;
    private PieceBlock? _spare;
    private int _found;
    private int _foundIndex;

    /// <summary>Makes an empty index.</summary>
    public PieceIndex()
    {
        _blocks[0] = new PieceBlock();
        _bounds[0] = long.MinValue;
    }

    /// <summary>Number of pieces.</summary>
    public int Count { get; private set; }

    /// <summary>Adds a piece whose number is not there yet.</summary>
    public void Insert(long key, GpuVma piece)
    {
        int at = BlockOf(key);
        PieceBlock block = _blocks[at];
        if (block.Count == Capacity)
        {
            block = Split(ref at, key);
        }

        int index = block.PlaceOf(key);
        Checks.That(index == block.Count || block.Keys[index] != key, "Each piece is in an index once.");
        block.InsertAt(index, key, piece);
        Count++;
    }

    /// <summary>Adds two pieces, the second behind the first. When no other lies between them this is hardly more than adding one.</summary>
    public void Insert(long first, GpuVma firstPiece, long second, GpuVma secondPiece)
    {
        int at = BlockOf(first);
        PieceBlock block = _blocks[at];
        int index = block.CountLess(first);
        if (block.Count > Capacity - 2 || second >= block.Keys[index] || second >= _bounds[at + 1])
        {
            Insert(first, firstPiece);
            Insert(second, secondPiece);
            return;
        }

        block.InsertTwoAt(index, first, firstPiece, second, secondPiece);
        Count += 2;
    }

    /// <summary>Takes a piece out that is there.</summary>
    public void Remove(long key)
    {
        PieceBlock block = Find(key, out int at, out int index);
        RemoveAt(block, at, index, 1);
    }

    /// <summary>Takes two pieces out that are there. When they lie side by side this is hardly more than taking out one.</summary>
    public void Remove(long first, long second)
    {
        PieceBlock block = Find(first, out int at, out int index);
        if (block.Keys[index + 1] == second)
        {
            RemoveAt(block, at, index, 2);
            return;
        }

        RemoveAt(block, at, index, 1);
        Remove(second);
    }

    /// <summary>Takes the piece out that has a number, and adds one that has another number: the same piece or a new one.</summary>
    public void Replace(long key, long other, GpuVma piece)
    {
        PieceBlock block = Find(key, out int at, out int index);
        long least = index > 0 ? block.Keys[index - 1] + 1 : _bounds[at];
        long limit = index + 1 < block.Count ? block.Keys[index + 1] : _bounds[at + 1];
        if (other >= least && other < limit)
        {
            block.ReplaceAt(index, other, piece);
            return;
        }

        RemoveAt(block, at, index, 1);
        Insert(other, piece);
    }

    /// <summary>The piece with the least number that is not less than <paramref name="key"/>, or null.</summary>
    public GpuVma? AtLeast(long key)
    {
        int at = BlockOf(key);
        PieceBlock block = _blocks[at];
        int index = block.CountLess(key);
        if (index == block.Count)
        {
            // No block but a single one is empty.
            index = 0;
            if (++at == _blockCount)
            {
                return null;
            }

            block = _blocks[at];
        }

        _found = at;
        _foundIndex = index;
        return block.At(index);
    }

    /// <summary>The piece with the greatest number that is not greater than <paramref name="key"/>, or null.</summary>
    public GpuVma? AtMost(long key)
    {
        int at = BlockOf(key);
        PieceBlock block = _blocks[at];
        int index = block.CountLess(key + 1) - 1;
        if (index < 0)
        {
            if (at == 0)
            {
                return null;
            }

            block = _blocks[--at];
            index = block.Count - 1;
        }

        _found = at;
        _foundIndex = index;
        return block.At(index);
    }

    /// <summary>Where a number stands that is there: often where the last search ended.</summary>
    private PieceBlock Find(long key, out int at, out int index)
    {
        at = _found;
        index = _foundIndex;
        if (_blocks[at].Keys[index] == key)
        {
            return _blocks[at];
        }

        at = BlockOf(key);
        _foundIndex = index = _blocks[at].CountLess(key);
        Checks.That(_blocks[at].Keys[index] == key, "A piece that is looked for is in the index.");
        return _blocks[at];
    }

    private void RemoveAt(PieceBlock block, int at, int index, int count)
    {
        block.RemoveAt(index, count);
        Count -= count;
        if (block.Count < Few)
        {
            Shrink(at);
        }
    }

    /// <summary>The last block whose bound is not greater.</summary>
    private int BlockOf(long key)
    {
        // What is asked for lies beside what was asked for last, more often than not.
        if ((_bounds[_found] <= key) & (key < _bounds[_found + 1]))
        {
            return _found;
        }

        int low = 0;
        for (int length = _blockCount; length > Capacity;)
        {
            int half = length >> 1;
            low += _bounds[low + half] <= key ? half : 0;
            length -= half;
        }

        return _found = low + SortedKeys.CountLess(_bounds.AsSpan(low, Capacity), key + 1) - 1;
    }

    private static long[] NewBounds(int blocks)
    {
        long[] bounds = new long[blocks + Capacity];
        Array.Fill(bounds, long.MaxValue);
        return bounds;
    }
}
