namespace GpuSvm.Mm;

/// <content>Entries of the page table that move to other addresses.</content>
public sealed partial class AddressSpace
{
    /// <summary>Moves all entries of a range, inside its invalidation. Mmap lock held exclusively; nothing is at the target.</summary>
    /// <remarks>Source: Linux move_page_tables.</remarks>
    private void MoveEntries(Vma vma, AddressRange range, ulong target)
    {
        List<(ulong Page, CpuPte Pte)> moving = [];
        ulong address = range.Start;
        while (_table.FindNext(ref address, range.End) is { } leaf)
        {
            ulong end = Math.Min(CpuPageTable.LeafEnd(address), range.End);
            ulong first = address;
            TakeEntries(vma, leaf, new AddressRange(first, end), unchecked(target - range.Start.Value), moving);
            _table.RemoveIfEmpty(first);
            EnterMoved(vma, moving, unchecked(target - range.Start.Value));
            address = end;
        }

        _cpu.Wake(range);
    }

    /// <summary>Takes the entries of one leaf out, and the pages from the CPU.</summary>
    private void TakeEntries(Vma vma, CpuLeaf leaf, AddressRange range, ulong distance, List<(ulong Page, CpuPte Pte)> moving)
    {
        var flush = new CpuFlush(_cpu);
        moving.Clear();
        using (leaf.Lock.Enter())
        {
            for (ulong page = range.Start; page < range.End.Value; page += Page.Size)
            {
                CpuPte pte = leaf.Clear(page);
                if (pte.IsNone)
                {
                    continue;
                }

                moving.Add((page, pte));
                if (pte.NamesFrame)
                {
                    flush.Add(page, pte);
                    if (!Breaks.MovedEntryForgotten)
                    {
                        Link(vma, pte, unchecked(page + distance));
                    }
                }
            }
        }

        if (!Breaks.RemapKeepsOldEntry)
        {
            flush.Leave();
        }
    }

    /// <summary>Enters what was taken out of one leaf.</summary>
    /// <remarks>
    /// Until the old place is unlinked the reverse map has both, and an entry that is on its way is missed by who looks, but not forgotten.
    /// </remarks>
    private void EnterMoved(Vma vma, List<(ulong Page, CpuPte Pte)> moving, ulong distance)
    {
        foreach ((ulong page, CpuPte pte) in moving)
        {
            ulong moved = unchecked(page + distance);
            CpuLeaf leaf = _table.GetOrAdd(moved);
            using (leaf.Lock.Enter())
            {
                leaf.Enter(moved, pte);
                _ = TellCpu(leaf, moved);
            }

            if (pte.NamesFrame && IsLinked(vma, pte))
            {
                if (Breaks.MovedEntryForgotten)
                {
                    Link(vma, pte, moved);
                }

                _frames.Unlink(pte.Frame, MappingOf(page));
            }
        }
    }

    private void Link(Vma vma, CpuPte pte, ulong page)
    {
        if (IsLinked(vma, pte))
        {
            _frames.Link(pte.Frame, MappingOf(page));
        }
    }

    /// <summary>True if the reverse map knows where an entry names its frame.</summary>
    private bool IsLinked(Vma vma, CpuPte pte) => !vma.IsSpecial && pte.Frame != _frames.ZeroFrame;
}
