namespace GpuSvm.Core;

/// <content>Blocks are split and joined.</content>
public sealed partial class SortedIndex<TKey, TValue>
{
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
        _firsts[at] = _blocks[at].Keys[0];
        int behind = _blockCount - at - 2;
        Array.Copy(_blocks, at + 2, _blocks, at + 1, behind);
        Array.Copy(_firsts, at + 2, _firsts, at + 1, behind);
        _blockCount--;
        emptied.NextSpare = _spare;
        _spare = emptied;
    }
}
