namespace GpuSvm.Core;

/// <content>Where keys stand.</content>
public sealed partial class SortedIndex<TKey, TValue>
{
    private SortedPosition Exactly(in TKey key)
    {
        int at = BlockOf(key);
        Block block = _blocks[at];
        int index = block.LowerBound(key);
        return index < block.Count && !TKey.IsLess(key, block.Keys[index]) ? new SortedPosition(at, index) : SortedPosition.End;
    }

    private bool IsAt(in TKey key, int at, int index)
    {
        Block block = _blocks[at];
        return index < block.Count && !TKey.IsLess(key, block.Keys[index]) && !TKey.IsLess(block.Keys[index], key);
    }

    /// <summary>True if a key comes before the entry at a place of a block, or before all blocks behind if there is none.</summary>
    private bool IsBefore(in TKey key, int at, int index) => index < _blocks[at].Count
        ? TKey.IsLess(key, _blocks[at].Keys[index])
        : at + 1 == _blockCount || TKey.IsLess(key, _firsts[at + 1]);

    /// <summary>True if a key comes behind the entry at a place of a block, or behind all blocks before if the place is -1.</summary>
    private bool IsBehind(in TKey key, int at, int index) => index >= 0
        ? TKey.IsLess(_blocks[at].Keys[index], key)
        : at == 0 || TKey.IsLess(_blocks[at - 1].Keys[_blocks[at - 1].Count - 1], key);

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
}
