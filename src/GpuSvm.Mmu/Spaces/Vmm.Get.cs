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

        bool hasReferences = (request.Flags & GetFlags.References) != 0;
        if (hasReferences || (request.Flags & GetFlags.Sparse) != 0)
        {
            error = TryReference(vma!, type, request.Flags);
            Complete();
            if (error != Errno.None)
            {
                _areas.GiveBack(vma!);
                return error;
            }
        }

        vma!.IsMapRef = (request.Flags & GetFlags.MapReferences) != 0 && !hasReferences;
        vma.IsSparse = (request.Flags & GetFlags.Sparse) != 0;
        vma.Page = type;
        vma.Referenced = hasReferences ? type : GpuVma.None;
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

        // Who gives back several mostly goes from each to the one behind it.
        _recent = vma.Next;
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

        type = PageSizes<TFormat>.TypeOf(request.PageShift);
        return type != GpuVma.None && TableTree<TFormat>.SlotOf(type).IsAligned(request.Size);
    }

    /// <summary>What the client manages was never given out.</summary>
    private bool IsClients(GpuVma vma) =>
        _options.Management == GpuAddressSpaceManagement.Managed && unchecked(vma.Start - _options.Start) >= _options.Size;

    /// <summary>Takes the references that an area holds for itself, and makes it sparse.</summary>
    private Errno TryReference(GpuVma vma, int type, GetFlags flags)
    {
        bool hasReferences = (flags & GetFlags.References) != 0;
        if ((flags & GetFlags.Sparse) == 0)
        {
            return _tree.TryReference(TableTree<TFormat>.SlotOf(type), vma.Start, vma.End) ? Errno.None : Errno.ENOMEM;
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
