using System.Runtime.CompilerServices;

namespace GpuSvm.Mmu.Areas;

/// <summary>Some neighbours of an index of pieces.</summary>
internal sealed class PieceBlock
{
    /// <summary>How many there can be.</summary>
    public const int Capacity = 64;

    public PieceBlock() => Array.Fill(Keys, long.MaxValue);

    /// <summary>Their numbers, ascending; the greatest number where there is no piece.</summary>
    public long[] Keys { get; } = new long[Capacity];

    /// <summary>The pieces, in the same order.</summary>
    public GpuVma?[] Pieces { get; } = new GpuVma?[Capacity];

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>The next block of a chain of blocks that are not in use.</summary>
    public PieceBlock? NextSpare { get; set; }

    /// <summary>How many have a lesser number: the place of the first one that has not.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int CountLess(long key) => SortedKeys.CountLess(Keys, key);

    public void InsertAt(int index, long key, GpuVma piece)
    {
        int behind = Count - index;
        Keys.AsSpan(index, behind).CopyTo(Keys.AsSpan(index + 1));
        Pieces.AsSpan(index, behind).CopyTo(Pieces.AsSpan(index + 1));
        Keys[index] = key;
        Pieces[index] = piece;
        Count++;
    }

    public void RemoveAt(int index)
    {
        int behind = Count - index - 1;
        Keys.AsSpan(index + 1, behind).CopyTo(Keys.AsSpan(index));
        Pieces.AsSpan(index + 1, behind).CopyTo(Pieces.AsSpan(index));
        Count--;
        Keys[Count] = long.MaxValue;
        Pieces[Count] = null;
    }

    /// <summary>Moves the pieces from an index on to the end of another block.</summary>
    public void MoveTail(int from, PieceBlock target)
    {
        int moved = Count - from;
        Keys.AsSpan(from, moved).CopyTo(target.Keys.AsSpan(target.Count));
        Pieces.AsSpan(from, moved).CopyTo(target.Pieces.AsSpan(target.Count));
        Keys.AsSpan(from, moved).Fill(long.MaxValue);
        Pieces.AsSpan(from, moved).Clear();
        target.Count += moved;
        Count = from;
    }
}
