namespace GpuSvm.Mm;

/// <content>Pages of which nothing was there: they begin in the memory that they are given.</content>
public sealed partial class MigrateVma
{
    /// <summary>Enters the pages that move without a source, where still nothing is there. Source: Linux migrate_vma_insert_page.</summary>
    /// <returns>How many.</returns>
    private int FillHoles()
    {
        AddressRange holes = Holes();
        if (holes.IsEmpty)
        {
            return 0;
        }

        // Where nothing is there nobody waits for the migration: so the mapping may have gone, and only the mmap lock keeps it.
        if (_mm.MmapLock.IsHeldByCurrentThread)
        {
            return FillHoles(holes);
        }

        bool isHeld = _mm.MmapLock.TryEnterShared(out RankedSharedLock.SharedScope scope);
        using (scope)
        {
            return isHeld ? FillHoles(holes) : DropHoles(holes);
        }
    }

    /// <summary>The smallest range that holds all pages without a source that move.</summary>
    private AddressRange Holes()
    {
        int first = -1;
        int last = -1;
        ReadOnlySpan<MigratePfn> pages = Source;
        for (int i = 0; i < pages.Length; i += pages[i].PageCount)
        {
            if (IsHole(pages[i]))
            {
                first = first < 0 ? i : first;
                last = i + pages[i].PageCount - 1;
            }
        }

        ulong start = _range.Start;
        return first < 0 ? default : new AddressRange(start + ((ulong)first << Page.Shift), start + ((ulong)(last + 1) << Page.Shift));
    }

    private int FillHoles(AddressRange holes)
    {
        if (_mm.VmaAt(holes.Start) is not { MayLiveOnDevice: true } vma || !vma.Range.Contains(holes))
        {
            return DropHoles(holes);
        }

        // Mirrors may have the zero page, also that of the owner: what it has dropped came back, as nothing kept it away.
        int filled = 0;
        using (_mm.Open(holes, InvalidationCause.Migrate))
        {
            for (ulong start = holes.Start, end; start < holes.End.Value; start = end)
            {
                end = Math.Min(CpuPageTable.LeafEnd(start), holes.End);
                filled += FillHoles(vma, Table.GetOrAdd(start), start, end);
            }
        }

        return filled;
    }

    private int FillHoles(Vma vma, CpuLeaf leaf, ulong start, ulong end)
    {
        int filled = 0;
        using (vma.Backing is { Memory: MemoryObject memory } ? memory.Enter() : default)
        using (leaf.Lock.Enter())
        {
            bool isReaped = _mm.IsReaped(vma);
            for (ulong page = start; page < end; page += Page.Size)
            {
                ref MigratePfn source = ref SourceAt(page);
                if (IsHole(source))
                {
                    MigratePfn destination = _destination[IndexOf(page)];
                    bool isFilled = !isReaped && (source.IsCompound
                        ? TryFillHuge(vma, leaf, page, destination)
                        : TryFill(vma, leaf, page, destination));
                    source = isFilled ? source : default;
                    filled += isFilled ? 1 : 0;
                }
            }
        }

        return filled;
    }

    private bool TryFill(Vma vma, CpuLeaf leaf, ulong page, MigratePfn destination)
    {
        CpuPte pte = leaf.Read(page);
        if (destination.IsCompound || (!pte.IsNone && !IsZeroPage(pte) && !Breaks.HoleOverwrites))
        {
            return false;
        }

        if (vma.Backing is { } backing && !TryBeginAway(backing, page, destination.Frame))
        {
            return false;
        }

        if (Breaks.MigrateNoop)
        {
            return true;
        }

        if (pte.IsHuge)
        {
            // The huge zero page has come since Setup.
            leaf.Split();
        }

        if (leaf.Clear(page).HasFrame)
        {
            _mm.Cpu.Detach(AddressRange.PageAt(page), _frames.ZeroFrame);
        }

        EnterNew(vma, leaf, page, destination);
        return true;
    }

    /// <summary>Has a page of an object begin in a device's memory, unless somebody has it. The object's lock is held.</summary>
    private bool TryBeginAway(VmaBacking backing, ulong page, FrameNumber frame) =>
        _frames.IsDevicePrivate(frame) && _frames.TryBeginAway(((MemoryObject)backing.Memory).FirstFrame + backing.IndexOf(page), frame);

    /// <summary>Enters a page that nobody has had before. Page-table lock held.</summary>
    private void EnterNew(Vma vma, CpuLeaf leaf, ulong page, MigratePfn destination)
    {
        FrameNumber frame = destination.Frame;
        _frames.Get(frame);
        _frames.SetFlags(frame, vma.IsAnonymous ? FrameFlags.AnonExclusive : FrameFlags.None);
        _frames.AddMap(frame, _mm.MappingOf(page));
        CpuPte pte = _frames.IsDevicePrivate(frame) ? CpuPte.DevicePrivate(frame, vma.EntryRights) : CpuPte.Map(frame, vma.EntryRights);
        leaf.Enter(page, destination.IsCompound ? pte.AsHuge() : pte);
        _ = _mm.TellCpu(leaf, page);
    }

    private int DropHoles(AddressRange holes)
    {
        for (ulong page = holes.Start; page < holes.End.Value; page += Page.Size)
        {
            ref MigratePfn source = ref SourceAt(page);
            source = source.IsValid ? source : default;
        }

        return 0;
    }

    private static bool IsHole(MigratePfn source) => source.Migrates && !source.IsValid;
}
