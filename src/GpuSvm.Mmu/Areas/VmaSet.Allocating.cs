namespace GpuSvm.Mmu.Areas;

/// <content>Best fit.</content>
internal sealed partial class VmaSet
{
    /// <summary>Cuts the smallest free piece that fits, the one of the lowest address among equals, and takes it out of the free ones.</summary>
    /// <param name="size">Number of bytes; not 0.</param>
    /// <param name="alignShift">Binary logarithm of the start's alignment; at most 63.</param>
    /// <param name="page">Index of the page type that it is for, or <see cref="GpuVma.None"/>.</param>
    /// <param name="pageBlock">
    /// Number of bytes over which neighbours share one page type, so that a block is not shared with a neighbour of another one; 0 if the
    /// hardware has no such rule.
    /// </param>
    /// <param name="vma">The piece, without attributes; then <see cref="Use"/> or <see cref="GiveBack"/>.</param>
    /// <returns><see cref="Errno.None"/>; <see cref="Errno.ENOSPC"/> if nothing fits; <see cref="Errno.ENOMEM"/>. On failure nothing has changed.</returns>
    /// <remarks>Source: nvkm_vmm_get_locked.</remarks>
    public Errno TryAllocate(ulong size, int alignShift, int page, ulong pageBlock, out GpuVma? vma)
    {
        vma = null;
        for (SortedPosition at = _free.Ceiling(new SizeKey(size, 0)); !at.IsEnd; at = _free.Next(at))
        {
            GpuVma candidate = _free.At(at);
            if (TryPlace(candidate, size, alignShift, page, pageBlock, out ulong start))
            {
                return TryCut(at, candidate, start, size, out vma);
            }
        }

        return Errno.ENOSPC;
    }

    private static bool TryPlace(GpuVma free, ulong size, int alignShift, int page, ulong pageBlock, out ulong start)
    {
        start = free.Start;
        ulong end = free.End;
        if (pageBlock != 0)
        {
            if (free.Previous is { } previous && previous.Page != page)
            {
                start = AlignUp(start, pageBlock);
            }

            if (free.Next is { } next && next.Page != page)
            {
                end &= ~(pageBlock - 1);
            }
        }

        start = AlignUp(start, 1UL << alignShift);
        return start <= end && end - start >= size;
    }

    // Addresses have at most 57 bits, and alignments 63: the sum does not wrap.
    private static ulong AlignUp(ulong address, ulong alignment) => (address + alignment - 1) & ~(alignment - 1);

    private Errno TryCut(SortedPosition at, GpuVma free, ulong start, ulong size, out GpuVma? vma)
    {
        vma = null;
        ulong end = free.End;
        GpuVma? cut = free;
        if (start != free.Start && !TryMake(start, size, out cut))
        {
            return Errno.ENOMEM;
        }

        GpuVma? behind = null;
        if (start + size != end && !TryMake(start + size, end - start - size, out behind))
        {
            if (cut != free)
            {
                Recycle(cut);
            }

            return Errno.ENOMEM;
        }

        _free.RemoveAt(at);
        if (cut != free)
        {
            free.Size = start - free.Start;
            LinkBehind(free, cut);
            _free.Insert(KeyOf(free), free);
        }

        cut.Size = size;
        if (behind is not null)
        {
            LinkBehind(cut, behind);
            _free.Insert(KeyOf(behind), behind);
        }

        // In neither index, but not free for its neighbours to merge with either.
        cut.IsUsed = true;
        vma = cut;
        return Errno.None;
    }
}
