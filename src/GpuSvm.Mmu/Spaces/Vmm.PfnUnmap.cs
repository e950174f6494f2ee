using GpuSvm.Mmu.Areas;
using GpuSvm.Mmu.Tables;

namespace GpuSvm.Mmu.Spaces;

/// <content>Pages that were mapped by pfn are taken back.</content>
internal sealed partial class Vmm<TFormat>
{
    /// <inheritdoc/>
    public override Errno PfnUnmap(AddressRange range, out long pages)
    {
        pages = 0;
        if (range.End > Bounds.End)
        {
            return Errno.EINVAL;
        }

        using RankedLock.Scope scope = Enter();
        if (range.IsEmpty)
        {
            return Errno.None;
        }

        if (FindArea(range.Start) is not { } vma)
        {
            return Errno.EINVAL;
        }

        ulong start = range.Start;
        long before = _mappedPages;
        for (GpuVma? piece = vma; piece is not null && piece.Start < range.End; piece = piece.Next)
        {
            if (piece.IsPfnMapped)
            {
                piece = UnmapPart(piece, Math.Max(start, piece.Start), Math.Min(range.End, piece.End));
            }
        }

        Complete();
        pages = before - _mappedPages;
        return Errno.None;
    }

    /// <inheritdoc/>
    public override bool HasPfns(AddressRange range)
    {
        range = range.Intersect(Bounds);
        using RankedLock.Scope scope = Enter();

        // Neighbours that map nothing are one piece, so this looks at two or three.
        GpuVma? piece = range.IsEmpty ? null : FindArea(range.Start);
        while (piece is { IsPfnMapped: false })
        {
            piece = piece.Next is { } next && next.Start < range.End ? next : null;
        }

        return piece is not null;
    }

    /// <summary>Takes back the pages of a range that are mapped by pfn; what cannot be split for want of memory stays.</summary>
    private Errno TryUnmapRange(GpuVma vma, ulong start, ulong end)
    {
        Errno result = Errno.None;
        for (GpuVma? piece = vma; piece is not null && piece.Start < end; piece = piece.Next)
        {
            if (piece.IsPfnMapped)
            {
                GpuVma? rest = TryUnmapPart(piece, Math.Max(start, piece.Start), Math.Min(end, piece.End));
                result = rest is null ? Errno.ENOMEM : result;
                piece = rest ?? piece;
            }
        }

        Complete();
        return result;
    }

    /// <summary>Takes back pages of a piece; all of it if there is no memory to split it.</summary>
    /// <returns>The piece in which they were, or the one that took the range over.</returns>
    private GpuVma UnmapPart(GpuVma vma, ulong start, ulong end) =>
        TryUnmapPart(vma, start, end) ?? TryUnmapPart(vma, vma.Start, vma.End)!;

    private GpuVma? TryUnmapPart(GpuVma vma, ulong start, ulong end)
    {
        ref readonly PageSlot slot = ref TableTree<TFormat>.SlotOf(vma.Referenced);
        start = slot.AlignDown(start);
        end = slot.AlignUp(end);
        Neighbours into = Neighbours.Unmapped(vma, start, end);
        GpuVma? piece = vma;
        if (!into.Any && !_areas.TrySplit(vma, start, end - start, out piece))
        {
            return null;
        }

        TakeBack(slot, start, end, SmallAtRest(vma));
        GpuVma result = into.Any ? _areas.Merge(into.Previous, vma, into.Next, end - start) : piece!;
        result.IsMapped = false;
        result.Referenced = GpuVma.None;
        return result;
    }

    private void TakeBack(in PageSlot slot, ulong start, ulong end, ulong smallAtRest)
    {
        _mappedPages -= (long)((end - start) >> Page.Shift);
        _tree.UnmapPfnsAndRelease(slot, start, end, smallAtRest);
        if (_retirement.IsFull)
        {
            Complete();
        }
    }
}
