using System.Diagnostics.CodeAnalysis;

namespace GpuSvm.Mmu.Areas;

/// <content>Best fit.</content>
internal sealed partial class VmaSet
{
    /// <summary>Cuts the smallest free piece that fits, the one of the lowest address among equals, and makes it used.</summary>
    /// <param name="size">Number of bytes; not 0.</param>
    /// <param name="alignShift">Binary logarithm of the start's alignment; at most 63.</param>
    /// <param name="page">Index of the page type that it is for, or <see cref="GpuVma.None"/>.</param>
    /// <param name="pageBlock">
    /// Number of bytes over which neighbours share one page type, so that a block is not shared with a neighbour of another one; 0 if the
    /// hardware has no such rule.
    /// </param>
    /// <param name="vma">The piece, without attributes.</param>
    /// <returns><see cref="Errno.None"/>; <see cref="Errno.ENOSPC"/> if nothing fits; <see cref="Errno.ENOMEM"/>. On failure nothing has changed.</returns>
    /// <remarks>Source: nvkm_vmm_get_locked.</remarks>
    public Errno TryAllocate(ulong size, int alignShift, int page, ulong pageBlock, out GpuVma? vma)
    {
        vma = null;
        for (GpuVma? candidate = _free.Best(size); candidate is not null; candidate = _free.Behind(candidate))
        {
            if (TryPlace(candidate, size, alignShift, page, pageBlock, out ulong start))
            {
                return TryCut(candidate, start, size, out vma);
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

    private Errno TryCut(GpuVma free, ulong start, ulong size, out GpuVma? vma)
    {
        vma = free;
        ulong before = start - free.Start;
        ulong behind = free.End - (start + size);
        if (before != 0)
        {
            return TryCutBehind(free, start, size, behind, out vma) ? Errno.None : Errno.ENOMEM;
        }

        if (behind == 0)
        {
            _free.Remove(free);
        }
        else if (TryMake(start + size, behind, out GpuVma? rest))
        {
            _free.Replace(free, rest, rest.Start, behind);
            free.Size = size;
            LinkBehind(free, rest);
            _byAddress.Insert(KeyOf(rest.Start), rest);
        }
        else
        {
            vma = null;
            return Errno.ENOMEM;
        }

        free.IsUsed = true;
        return Errno.None;
    }

    /// <summary>Cuts a piece that does not begin where the free one does.</summary>
    private bool TryCutBehind(GpuVma free, ulong start, ulong size, ulong behind, [NotNullWhen(true)] out GpuVma? vma)
    {
        if (!TryMake(start, size, out vma))
        {
            return false;
        }

        GpuVma? rest = null;
        if (behind != 0 && !TryMake(start + size, behind, out rest))
        {
            Recycle(vma);
            vma = null;
            return false;
        }

        _free.Resize(free, free.Start, start - free.Start);
        vma.IsUsed = true;
        LinkBehind(free, vma);
        if (rest is null)
        {
            _byAddress.Insert(KeyOf(start), vma);
            return true;
        }

        LinkBehind(vma, rest);
        _byAddress.Insert(KeyOf(start), vma, KeyOf(rest.Start), rest);
        _free.Insert(rest);
        return true;
    }
}
