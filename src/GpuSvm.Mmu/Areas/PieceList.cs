using System.Runtime.InteropServices;

namespace GpuSvm.Mmu.Areas;

/// <summary>A few pieces in the order of their sizes, then of their addresses.</summary>
/// <remarks>A search takes O(log n), a change O(n) with a small factor. Locking: the caller's, exclusive for changes.</remarks>
internal sealed class PieceList
{
    private readonly List<GpuVma> _pieces = [];

    /// <summary>Adds a piece.</summary>
    public void Insert(GpuVma piece) => _pieces.Insert(CountBefore(piece.Size, piece.Start), piece);

    /// <summary>Takes a piece out that is there.</summary>
    public void Remove(GpuVma piece) => _pieces.RemoveAt(CountBefore(piece.Size, piece.Start));

    /// <summary>Takes a piece out that is there, and adds one of the given bounds: the same or a new one.</summary>
    public void Replace(GpuVma old, GpuVma piece, ulong start, ulong size)
    {
        int at = CountBefore(old.Size, old.Start);
        piece.Start = start;
        piece.Size = size;
        bool staysInPlace = (at == 0 || IsBefore(_pieces[at - 1], size, start)) &&
            (at + 1 == _pieces.Count || !IsBefore(_pieces[at + 1], size, start));
        if (staysInPlace)
        {
            _pieces[at] = piece;
            return;
        }

        _pieces.RemoveAt(at);
        Insert(piece);
    }

    /// <summary>The first piece that is not before a size and an address in the order, or null.</summary>
    public GpuVma? AtLeast(ulong size, ulong start)
    {
        int at = CountBefore(size, start);
        return at < _pieces.Count ? _pieces[at] : null;
    }

    /// <summary>True if a piece comes before a size and an address in the order.</summary>
    public static bool IsBefore(GpuVma piece, ulong size, ulong start) =>
        piece.Size < size || (piece.Size == size && piece.Start < start);

    private int CountBefore(ulong size, ulong start)
    {
        ReadOnlySpan<GpuVma> pieces = CollectionsMarshal.AsSpan(_pieces);
        int low = 0;
        for (int length = pieces.Length; length > 0;)
        {
            int half = (length + 1) >> 1;
            low += IsBefore(pieces[low + half - 1], size, start) ? half : 0;
            length -= half;
        }

        return low;
    }
}
