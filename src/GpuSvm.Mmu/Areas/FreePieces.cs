namespace GpuSvm.Mmu.Areas;

/// <summary>Free pieces in the order of their sizes, then of their addresses: the first that is large enough is the best fit.</summary>
/// <param name="addressBits">Number of bits of an address.</param>
/// <remarks>
/// Nearly all are made of whole pages, and far smaller than the address space: then size and address together are one number of 63 bits,
/// and cheap to search for. All others have a list of their own.
/// </remarks>
internal sealed class FreePieces(int addressBits)
{
    private readonly PieceIndex _paged = new();
    private readonly PieceList _others = new();

    // Page numbers need these bits; the rest of 63 is for sizes in pages.
    private readonly int _placeBits = addressBits - Page.Shift;
    private readonly ulong _tooLarge = 1UL << (63 - addressBits + (2 * Page.Shift));

    /// <summary>Adds a piece.</summary>
    public void Insert(GpuVma piece)
    {
        if (IsPaged(piece.Start, piece.Size))
        {
            _paged.Insert(PagedKey(piece.Start, piece.Size), piece);
        }
        else
        {
            _others.Insert(piece);
        }
    }

    /// <summary>Takes a piece out.</summary>
    public void Remove(GpuVma piece)
    {
        if (IsPaged(piece.Start, piece.Size))
        {
            _paged.Remove(PagedKey(piece.Start, piece.Size));
        }
        else
        {
            _others.Remove(piece);
        }
    }

    /// <summary>Gives a piece other bounds.</summary>
    public void Resize(GpuVma piece, ulong start, ulong size) => Replace(piece, piece, start, size);

    /// <summary>Takes a piece out, and adds one with the given bounds: the same or a new one.</summary>
    public void Replace(GpuVma old, GpuVma piece, ulong start, ulong size)
    {
        bool isPaged = IsPaged(start, size);
        if (IsPaged(old.Start, old.Size) != isPaged)
        {
            Remove(old);
            piece.Start = start;
            piece.Size = size;
            Insert(piece);
        }
        else if (isPaged)
        {
            _paged.Replace(PagedKey(old.Start, old.Size), PagedKey(start, size), piece);
            piece.Start = start;
            piece.Size = size;
        }
        else
        {
            _others.Replace(old, piece, start, size);
        }
    }

    /// <summary>The best of the pieces that are large enough, or null.</summary>
    public GpuVma? Best(ulong size) => AtLeast(size, 0);

    /// <summary>The next best one behind a piece, or null.</summary>
    public GpuVma? Behind(GpuVma piece) => AtLeast(piece.Size, piece.Start + 1);

    private bool IsPaged(ulong start, ulong size) => ((start | size) & (Page.Size - 1)) == 0 && size < _tooLarge;

    private long PagedKey(ulong start, ulong size) => (long)((size >> Page.Shift << _placeBits) + (start >> Page.Shift));

    /// <summary>The first piece that is not before a size and an address in the order.</summary>
    private GpuVma? AtLeast(ulong size, ulong start)
    {
        GpuVma? paged = PagedAtLeast(size, start);
        GpuVma? other = _others.AtLeast(size, start);
        return paged is null || (other is not null && PieceList.IsBefore(other, paged.Size, paged.Start)) ? other : paged;
    }

    private GpuVma? PagedAtLeast(ulong size, ulong start)
    {
        if (_paged.Count == 0 || size > _tooLarge - Page.Size)
        {
            return null;
        }

        // Whatever address comes with it, a size that is not made of pages is less than that with one page more.
        return Page.IsAligned(size)
            ? _paged.AtLeast(PagedKey(start + (Page.Size - 1), size))
            : _paged.AtLeast(PagedKey(0, size + (Page.Size - 1)));
    }
}
