using System.Numerics;
using System.Runtime.CompilerServices;

namespace GpuSvm.Mmu.Areas;

/// <summary>Some neighbours of an index of pieces.</summary>
/// <remarks>
/// The numbers lie in order; the pieces lie anywhere and stay there, and their slots' numbers lie in order: references that are moved cost
/// the garbage collector's notes of them.
/// </remarks>
internal sealed class PieceBlock
{
    /// <summary>How many there can be.</summary>
    public const int Capacity = 64;

    private const long Nothing = long.MaxValue;

    // All within the object, so that a search fetches what it reads at once.
    private KeyRow _keys;
    private SlotRow _slots;
    private PieceRow _pieces;

    // A bit for each slot in use.
    private ulong _used;

    public PieceBlock() => Keys.Fill(Nothing);

    /// <summary>Their numbers, ascending; the greatest number where there is no piece, and behind the last place.</summary>
    public Span<long> Keys => _keys;

    /// <summary>How many there are.</summary>
    public int Count { get; private set; }

    /// <summary>The next block of a chain of blocks that are not in use.</summary>
    public PieceBlock? NextSpare { get; set; }

    /// <summary>How many have a lesser number: the place of the first one that has not.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int CountLess(long key) => SortedKeys.CountLess(Keys[..Capacity], key);

    /// <summary>Where a number belongs that is not there; at the end, mostly, when the pieces come in order.</summary>
    public int PlaceOf(long key) => Count == 0 || key > _keys[Count - 1] ? Count : CountLess(key);

    /// <summary>The piece at a place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public GpuVma At(int index) => _pieces[_slots[index]]!;

    public void InsertAt(int index, long key, GpuVma piece)
    {
        MoveBehind(index, 1);
        Put(index, key, piece);
    }

    public void InsertTwoAt(int index, long first, GpuVma firstPiece, long second, GpuVma secondPiece)
    {
        MoveBehind(index, 2);
        Put(index, first, firstPiece);
        Put(index + 1, second, secondPiece);
    }

    /// <summary>Puts a piece in the place of another one. Its number keeps the order.</summary>
    public void ReplaceAt(int index, long key, GpuVma piece)
    {
        Keys[index] = key;
        _pieces[_slots[index]] = piece;
    }

    public void RemoveAt(int index, int count)
    {
        for (int i = index; i < index + count; i++)
        {
            Release(_slots[i]);
        }

        RowMoves.Down(Keys, index + count, Count, count);
        RowMoves.Down<byte>(_slots, index + count, Count, count);
        Count -= count;
        Keys.Slice(Count, count).Fill(Nothing);
    }

    /// <summary>Moves the pieces from an index on to the end of another block.</summary>
    public void MoveTail(int from, PieceBlock target)
    {
        for (int i = from; i < Count; i++)
        {
            target.Put(target.Count++, Keys[i], At(i));
            Release(_slots[i]);
        }

        Keys[from..Count].Fill(Nothing);
        Count = from;
    }

    private void MoveBehind(int index, int places)
    {
        RowMoves.Up(Keys, index, Count, places);
        RowMoves.Up<byte>(_slots, index, Count, places);
        Count += places;
    }

    private void Put(int index, long key, GpuVma piece)
    {
        int slot = BitOperations.TrailingZeroCount(~_used);
        _used |= 1UL << slot;
        _slots[index] = (byte)slot;
        _pieces[slot] = piece;
        Keys[index] = key;
    }

    private void Release(int slot)
    {
        _used &= ~(1UL << slot);
        _pieces[slot] = null;
    }

    [InlineArray(Capacity + (RowMoves.Slack / sizeof(long)))]
    private struct KeyRow
    {
        private long _first;
    }

    [InlineArray(Capacity + RowMoves.Slack)]
    private struct SlotRow
    {
        private byte _first;
    }

    [InlineArray(Capacity)]
    private struct PieceRow
    {
        private GpuVma? _first;
    }
}
