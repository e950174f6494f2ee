namespace GpuSvm.Mmu.Areas;

/// <content>Blocks come and go.</content>
internal sealed partial class PieceIndex
{
    /// <summary>Makes room in a full block.</summary>
    /// <param name="at">The block; then the one in which the number belongs.</param>
    /// <param name="key">The number.</param>
    private PieceBlock Split(ref int at, long key)
    {
        PieceBlock block = _blocks[at];
        PieceBlock upper = _spare ?? new PieceBlock();
        _spare = upper.NextSpare;
        upper.NextSpare = null;
        if (_blockCount == _blocks.Length)
        {
            Grow();
        }

        int behind = _blockCount - at - 1;
        Array.Copy(_blocks, at + 1, _blocks, at + 2, behind);
        Array.Copy(_bounds, at + 1, _bounds, at + 2, behind);
        _blocks[at + 1] = upper;
        _blockCount++;

        // What only ever grows at its end fills its blocks.
        bool isAtEnd = behind == 0 && key > block.Keys[Capacity - 1];
        block.MoveTail(isAtEnd ? Capacity : Capacity / 2, upper);
        _bounds[at + 1] = isAtEnd ? key : upper.Keys[0];
        if (key < _bounds[at + 1])
        {
            return block;
        }

        at++;
        return upper;
    }

    private void Grow()
    {
        long[] bounds = NewBounds(2 * _blockCount);
        _bounds.AsSpan(0, _blockCount).CopyTo(bounds);
        _bounds = bounds;
        Array.Resize(ref _blocks, 2 * _blockCount);
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
        PieceBlock emptied = _blocks[at + 1];
        emptied.MoveTail(0, _blocks[at]);
        int behind = _blockCount - at - 2;
        Array.Copy(_blocks, at + 2, _blocks, at + 1, behind);
        Array.Copy(_bounds, at + 2, _bounds, at + 1, behind);
        _blockCount--;
        _found = at;
        _bounds[_blockCount] = long.MaxValue;
        emptied.NextSpare = _spare;
        _spare = emptied;
    }
}
