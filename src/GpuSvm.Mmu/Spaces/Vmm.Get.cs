using GpuSvm.Mmu.Areas;
using GpuSvm.Mmu.Tables;

namespace GpuSvm.Mmu.Spaces;

/// <content>Addresses are given out and taken back.</content>
internal sealed partial class Vmm<TFormat>
{
    // Beyond this there is no such number; from the width of an address on, only address 0 is aligned so.
    private const int LargestAlignment = 63;

    /// <inheritdoc/>
    public override Errno TryGet(in GetRequest request, out VirtualAddress address)
    {
        address = default;
        if (!IsPossible(request, out int type))
        {
            return Errno.EINVAL;
        }

        int align = Math.Max(request.AlignShift, type == GpuVma.None ? Page.Shift : request.PageShift);
        using RankedLock.Scope scope = Enter();
        Errno error = _areas.TryAllocate(request.Size, align, type, TFormat.PageBlock, out GpuVma? vma);
        if (error != Errno.None)
        {
            return error;
        }

        error = TryReference(vma!, type, request.Flags);
        Complete();
        if (error != Errno.None)
        {
            _areas.GiveBack(vma!);
            return error;
        }

        bool hasReferences = (request.Flags & GetFlags.References) != 0;
        vma!.IsMapRef = (request.Flags & GetFlags.MapReferences) != 0 && !hasReferences;
        vma.IsSparse = (request.Flags & GetFlags.Sparse) != 0;
        vma.Page = type;
        vma.Referenced = hasReferences ? type : GpuVma.None;
        _areas.Use(vma);
        address = vma.Start;
        return Errno.None;
    }

    /// <inheritdoc/>
    public override Errno Put(VirtualAddress address)
    {
        using RankedLock.Scope scope = Enter();
        if (FindArea(address) is not { IsPart: false, IsBusy: false } vma || vma.Start != address.Value || IsClients(vma))
        {
            return Errno.ENOENT;
        }

        UnmapAll(vma);
        Complete();
        MergeParts(vma);
        _areas.Withdraw(vma);
        _areas.GiveBack(vma);
        return Errno.None;
    }

    private static bool IsPossible(in GetRequest request, out int type)
    {
        type = GpuVma.None;
        bool hasReferences = (request.Flags & GetFlags.References) != 0;
        if (request.Size == 0 || request.AlignShift is < 0 or > LargestAlignment || (request.Flags & (GetFlags)7) == GetFlags.Sparse)
        {
            return false;
        }

        if (request.PageShift == 0)
        {
            return !hasReferences && TFormat.PageBlock == 0;
        }

        for (int i = 0; i < TFormat.PageTypeCount; i++)
        {
            if (TFormat.PageType(i).Shift == request.PageShift)
            {
                type = i;
                return TFormat.PageType(i).IsAligned(request.Size);
            }
        }

        return false;
    }

    /// <summary>What the client manages was never given out.</summary>
    private bool IsClients(GpuVma vma) =>
        _options.Management == GpuAddressSpaceManagement.Managed && unchecked(vma.Start - _options.Start) >= _options.Size;

    private Errno TryReference(GpuVma vma, int type, GetFlags flags)
    {
        bool hasReferences = (flags & GetFlags.References) != 0;
        if ((flags & GetFlags.Sparse) == 0)
        {
            return !hasReferences || _tree.TryReference(TableTree<TFormat>.SlotOf(type), vma.Start, vma.End) ? Errno.None : Errno.ENOMEM;
        }

        if (!hasReferences)
        {
            return TryMakeSparse(vma.Start, vma.End);
        }

        if (!TFormat.PageType(type).Can(PageTypeUses.Sparse) || (_isBooted && type != TableTree<TFormat>.SmallestType))
        {
            return Errno.EINVAL;
        }

        return _tree.TryReferenceSparse(TableTree<TFormat>.SlotOf(type), vma.Start, vma.End) ? Errno.None : Errno.ENOMEM;
    }

    private Errno TryMakeSparse(ulong start, ulong end)
    {
        // The last block would be smaller than any page, or the format knows nothing sparse.
        PageType smallest = TFormat.PageType(TableTree<TFormat>.SmallestType);
        if (!smallest.IsAligned(end - start) || !smallest.Can(PageTypeUses.Sparse))
        {
            return Errno.EINVAL;
        }

        for (ulong at = start; at < end;)
        {
            ulong next = NextSparseBlock(at, end, out int type);
            if (!_tree.TryReferenceSparse(TableTree<TFormat>.SlotOf(type), at, next))
            {
                ReleaseSparse(start, at);
                return Errno.ENOMEM;
            }

            at = next;
        }

        return Errno.None;
    }

    private void ReleaseSparse(ulong start, ulong end)
    {
        for (ulong at = start; at < end;)
        {
            ulong next = NextSparseBlock(at, end, out int type);
            _tree.ReleaseSparse(TableTree<TFormat>.SlotOf(type), at, next);
            at = next;
        }
    }

    /// <summary>The end of the next run of blocks of one size: the largest that the address and the rest of the range allow.</summary>
    /// <remarks>
    /// A rest that is a prefix of a range is cut as the whole range is, so that what was begun can be undone.
    /// Source: nvkm_vmm_ptes_sparse.
    /// </remarks>
    private ulong NextSparseBlock(ulong start, ulong end, out int type)
    {
        ulong size = end - start;
        type = _isBooted ? TableTree<TFormat>.SmallestType : 0;
        while (!TFormat.PageType(type).Can(PageTypeUses.Sparse) || size < TFormat.PageType(type).Size)
        {
            type++;
        }

        int largest = type;
        while (!TFormat.PageType(type).Can(PageTypeUses.Sparse) || !TFormat.PageType(type).IsAligned(start))
        {
            type++;
        }

        if (type != largest)
        {
            ulong larger = TFormat.PageType(type - 1).Size;
            ulong part = (larger - (start & (larger - 1))) & (larger - 1);
            size = part != 0 && size - part >= larger ? part : size;
        }

        return start + (size & ~(TFormat.PageType(type).Size - 1));
    }

    /// <summary>Unmaps everything in what was given out as one, and drops all references.</summary>
    private void UnmapAll(GpuVma vma)
    {
        if (vma.IsMapRef || !vma.IsSparse)
        {
            for (GpuVma? piece = vma; piece is not null; piece = PartBehind(piece))
            {
                UnmapPiece(piece);
            }
        }
        else
        {
            for (GpuVma? piece = vma; piece is not null; piece = PartBehind(piece))
            {
                RetireMemory(piece);
            }

            _tree.ReleaseSparse(TableTree<TFormat>.SlotOf(vma.Referenced), vma.Start, EndOfParts(vma));
            return;
        }

        if (vma.IsSparse)
        {
            ReleaseSparse(vma.Start, EndOfParts(vma));
        }
    }

    private void UnmapPiece(GpuVma piece)
    {
        if (piece.Referenced == GpuVma.None)
        {
            return;
        }

        ref readonly PageSlot slot = ref TableTree<TFormat>.SlotOf(piece.Referenced);
        if (!piece.IsMapped)
        {
            _tree.Release(slot, piece.Start, piece.End);
            return;
        }

        if (piece.IsPfnMapped)
        {
            TakeBack(slot, piece.Start, piece.End, SmallAtRest(piece));
            return;
        }

        RetireMemory(piece);
        _tree.UnmapAndRelease(slot, piece.Start, piece.End, SmallAtRest(piece));
    }

    private void RetireMemory(GpuVma piece)
    {
        if (piece.Memory is { } memory)
        {
            _retirement.Add(memory);
            piece.Memory = null;
        }
    }

    private static GpuVma? PartBehind(GpuVma piece) => piece.Next is { IsPart: true } next ? next : null;

    private static ulong EndOfParts(GpuVma vma)
    {
        GpuVma last = vma;
        while (PartBehind(last) is { } next)
        {
            last = next;
        }

        return last.End;
    }

    private void MergeParts(GpuVma vma)
    {
        while (PartBehind(vma) is { } next)
        {
            _areas.Merge(previous: null, vma, next, vma.Size);
        }
    }
}
