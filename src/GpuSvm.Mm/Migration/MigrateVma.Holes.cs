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
        for (int i = 0; i < PageCount; i++)
        {
            if (IsHole(_source[i]))
            {
                first = first < 0 ? i : first;
                last = i;
            }
        }

        ulong start = _range.Start;
        return first < 0 ? default : new AddressRange(start + ((ulong)first << Page.Shift), start + ((ulong)(last + 1) << Page.Shift));
    }

    private int FillHoles(AddressRange holes)
    {
        if (_mm.VmaAt(holes.Start) is not { Backing: null } vma || !vma.Range.Contains(holes))
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
        using (leaf.Lock.Enter())
        {
            for (ulong page = start; page < end; page += Page.Size)
            {
                ref MigratePfn source = ref SourceAt(page);
                if (IsHole(source))
                {
                    bool isFilled = TryFill(vma, leaf, page, _destination[IndexOf(page)].Frame);
                    source = isFilled ? source : default;
                    filled += isFilled ? 1 : 0;
                }
            }
        }

        return filled;
    }

    private bool TryFill(Vma vma, CpuLeaf leaf, ulong page, FrameNumber frame)
    {
        CpuPte pte = leaf.Read(page);
        if (!pte.IsNone && !IsZeroPage(pte))
        {
            return false;
        }

        if (Breaks.MigrateNoop)
        {
            return true;
        }

        if (leaf.Clear(page).HasFrame)
        {
            _mm.Cpu.Detach(AddressRange.PageAt(page), _frames.ZeroFrame);
        }

        _frames.Get(frame);
        _frames.SetFlags(frame, FrameFlags.AnonExclusive);
        _frames.AddMap(frame, _mm.MappingOf(page));
        leaf.Enter(
            page, _frames.IsDevicePrivate(frame) ? CpuPte.DevicePrivate(frame, vma.EntryRights) : CpuPte.Map(frame, vma.EntryRights));
        _ = _mm.TellCpu(leaf, page);
        return true;
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
