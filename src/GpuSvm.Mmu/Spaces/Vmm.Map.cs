using GpuSvm.Mmu.Areas;
using GpuSvm.Mmu.Tables;

namespace GpuSvm.Mmu.Spaces;

/// <content>Memory objects are mapped and unmapped.</content>
internal sealed partial class Vmm<TFormat>
{
    /// <inheritdoc/>
    public override Errno Map(
        VirtualAddress address, ulong size, GpuMemoryObject memory, ulong offset = 0, MapAttributes? attributes = null)
    {
        ArgumentNullException.ThrowIfNull(memory);
        using RankedLock.Scope scope = Enter();
        if (FindArea(address) is not { IsBusy: false } vma)
        {
            return Errno.ENOENT;
        }

        if (vma.IsPfnMapped || size == 0)
        {
            return Errno.EINVAL;
        }

        Errno error = TryCut(vma, address, size, out GpuVma? piece);
        if (error != Errno.None)
        {
            return error;
        }

        error = TryMap(piece!, memory, offset, attributes ?? Usual(memory));
        if (error != Errno.None && !piece!.IsMapped)
        {
            MergeUnmapped(piece);
        }

        return error;
    }

    /// <inheritdoc/>
    public override Errno Unmap(VirtualAddress address)
    {
        using RankedLock.Scope scope = Enter();
        if (FindArea(address) is not { IsBusy: false } vma || vma.Start != address.Value)
        {
            return Errno.ENOENT;
        }

        if (vma.Memory is not GpuMemoryObject memory)
        {
            return Errno.EINVAL;
        }

        ref readonly PageSlot slot = ref TableTree<TFormat>.SlotOf(vma.Referenced);
        if (vma.IsMapRef)
        {
            _tree.UnmapAndRelease(slot, vma.Start, vma.End, SmallAtRest(vma));
            vma.Referenced = GpuVma.None;
        }
        else
        {
            _tree.Unmap(slot, vma.Start, vma.End, SmallAtRest(vma));
        }

        vma.Memory = null;
        vma.IsMapped = false;
        _retirement.Add(memory);
        Complete();
        MergeUnmapped(vma);
        return Errno.None;
    }

    private static MapAttributes Usual(GpuMemoryObject memory) =>
        new(memory.Target == Aperture.SystemCoherent ? PageAttributes.Volatile : PageAttributes.None);

    /// <summary>Makes the range a piece of its own, if it may be.</summary>
    private Errno TryCut(GpuVma vma, ulong start, ulong size, out GpuVma? piece)
    {
        piece = vma;
        if (start == vma.Start && size == vma.Size)
        {
            return Errno.None;
        }

        if (size > vma.End - start || vma.Memory is not null || (vma.Referenced == GpuVma.None && !vma.IsMapRef))
        {
            return Errno.EINVAL;
        }

        return _areas.TrySplit(vma, start, size, out piece) ? Errno.None : Errno.ENOMEM;
    }

    private Errno TryMap(GpuVma vma, GpuMemoryObject memory, ulong offset, MapAttributes attributes)
    {
        if (memory.Size < offset || memory.Size - offset < vma.Size || !CanMap(memory, attributes) ||
            ChooseType(vma, memory, offset) is not (>= 0 and int type))
        {
            return Errno.EINVAL;
        }

        ref readonly PageSlot slot = ref TableTree<TFormat>.SlotOf(type);
        EntryHistory history = HistoryOf(slot, vma.IsSparse || vma.IsMapped);
        if (vma.Referenced == GpuVma.None)
        {
            if (!_tree.TryReference(slot, vma.Start, vma.End))
            {
                Complete();
                return Errno.ENOMEM;
            }

            vma.Referenced = type;
        }

        // A new entry is written over an old one at once; the old memory is in use until the flush.
        _tree.Map(slot, vma.Start, vma.End, new MemoryCursor<TFormat>(memory, offset, attributes), history);
        memory.AddReference();
        RetireMemory(vma);
        vma.Memory = memory;
        vma.IsMapped = true;
        Complete();
        return Errno.None;
    }

    private static bool CanMap(GpuMemoryObject memory, MapAttributes attributes) =>
        memory.Target != Aperture.Peer &&
        TFormat.HasKind(attributes.Kind) &&
        TFormat.HasAttributes(attributes.Attributes) &&
        TFormat.CanAddress(new PageTarget(memory.Target, memory.LastPage));

    /// <summary>The page type whose tables are referenced or that was asked for; else the largest possible; none if that cannot be.</summary>
    private static int ChooseType(GpuVma vma, GpuMemoryObject memory, ulong offset)
    {
        ulong sizes = memory.Target == Aperture.VideoMemory ? PageSizes<TFormat>.VideoMemory : PageSizes<TFormat>.SystemMemory;
        sizes = PageSizes<TFormat>.Dividing(vma.Start | vma.Size | offset, PageSizes<TFormat>.UpTo(1UL << memory.PageShift, sizes));
        int fixedType = vma.Referenced != GpuVma.None ? vma.Referenced : vma.Page;
        if (fixedType != GpuVma.None)
        {
            return (sizes & TableTree<TFormat>.SlotOf(fixedType).Size) != 0 ? fixedType : GpuVma.None;
        }

        return sizes != 0 ? PageSizes<TFormat>.LargestOf(sizes) : GpuVma.None;
    }

    /// <summary>Joins a piece in which nothing is mapped any more with its neighbours of the same state.</summary>
    private void MergeUnmapped(GpuVma vma)
    {
        GpuVma? previous = vma is { IsPart: true, Previous.IsMapped: false } ? vma.Previous : null;
        GpuVma? next = vma.Next is { IsPart: true, IsMapped: false } ? vma.Next : null;
        _areas.Merge(previous, vma, next, vma.Size);
    }
}
