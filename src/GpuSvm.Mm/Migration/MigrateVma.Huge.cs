namespace GpuSvm.Mm;

/// <content>Huge pages, which move as one, or are split on the way.</content>
public sealed partial class MigrateVma
{
    /// <summary>True if huge pages are wanted and all of a table is in the range.</summary>
    private bool IsWholeBlock(ulong start, ulong end) => end - start == HugePage.Size && (_select & MigrateSelect.Compound) != 0;

    /// <summary>Collects a block as one: a huge page, the huge zero page, or nothing at all.</summary>
    /// <returns>False when there are single pages.</returns>
    /// <remarks>Source: Linux 7.0 migrate_vma_collect_huge_pmd, migrate_vma_collect_hole.</remarks>
    private bool TryCollectHuge(CpuLeaf? leaf, ulong block, MigratePfn hole, out int collected)
    {
        ref MigratePfn source = ref SourceAt(block);
        if (leaf is null or { IsEmpty: true })
        {
            source = hole;
        }
        else
        {
            using (leaf.Lock.Enter())
            {
                if (!leaf.IsHuge)
                {
                    collected = 0;
                    return false;
                }

                var window = default(FrameWindow);
                source = CollectPage(leaf, block, hole, ref window);
                if (source.IsValid && !_frames.IsDevicePrivate(source.Frame) && !Breaks.CopyBeforeIsolate)
                {
                    _mm.Cpu.Isolate(Breaks.HugePageIsolatedInPart ? AddressRange.PageAt(block) : HugePage.BlockAt(block));
                }
            }
        }

        source = source.Migrates ? source.AsCompound() : source;
        collected = source.Migrates ? 1 : 0;
        return true;
    }

    /// <summary>Splits a huge page that goes to single frames, and takes note where others have split it. Page-table lock held.</summary>
    private void PartForDestination(CpuLeaf leaf, ulong block)
    {
        int index = IndexOf(block);
        MigratePfn source = _source[index];
        ReadOnlySpan<MigratePfn> destination = _destination.AsSpan(index, HugePage.PageCount);
        bool isSingle = source.IsCompound && !destination[0].IsCompound && destination.ContainsAnyExcept(default(MigratePfn));
        if (isSingle && !source.IsValid)
        {
            _source.AsSpan(index, HugePage.PageCount).Fill(MigratePfn.Hole);
        }
        else if (isSingle && leaf.IsHuge && PageMover.IsMigrationOf(leaf.Read(block), source.Frame))
        {
            _mm.SplitLocked(leaf, block);
        }

        _hugeMover.Part(_source.AsSpan(index, HugePage.PageCount), _destination.AsSpan(index, HugePage.PageCount));
    }

    /// <summary>Enters a huge page where nothing is yet but, maybe, the huge zero page. Page-table lock held.</summary>
    private bool TryFillHuge(Vma vma, CpuLeaf leaf, ulong block, MigratePfn destination)
    {
        CpuPte pte = leaf.Read(block);
        if (!destination.IsCompound || !(leaf.IsEmpty || (leaf.IsHuge && IsZeroPage(pte))))
        {
            return false;
        }

        if (Breaks.MigrateNoop)
        {
            return true;
        }

        if (leaf.Clear(block).HasFrame)
        {
            _mm.Cpu.Detach(HugePage.BlockAt(block), _frames.ZeroFrame);
        }

        EnterNew(vma, leaf, block, destination);
        return true;
    }

    /// <summary>Looks where a huge page that began here is by now, and gives it up. Page-table lock held.</summary>
    private void EndHugeHole(CpuLeaf leaf, ulong block, int index)
    {
        MigratePfn source = _source[index];
        MigratePfn destination = _destination[index];
        bool isHuge = source.Migrates && _frames.IsHuge(destination.Frame);
        for (int i = 0; source.Migrates && i < (isHuge ? 1 : HugePage.PageCount); i++)
        {
            CpuPte pte = leaf.Read(block + ((ulong)i * Page.Size));
            bool isEntered = (pte.Maps && pte.Frame == destination.Frame + (ulong)i) || Breaks.MigrateNoop;
            _source[index + i] = !isEntered ? default : isHuge ? source : MigratePfn.Hole;
        }

        if (!source.Migrates)
        {
            _source[index] = default;
        }

        _mover.GiveUp(destination);
    }
}
