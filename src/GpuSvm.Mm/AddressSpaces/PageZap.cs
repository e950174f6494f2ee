namespace GpuSvm.Mm;

/// <summary>What one call takes out of a page table: which pages the CPU must forget, and which frames are freed after that.</summary>
/// <remarks>Locking: used with the mmap lock held exclusively.</remarks>
internal sealed class PageZap(VmaList vmas, CpuPageTable table, PageFrames frames, ICpu cpu, int spaceId)
{
    private readonly List<(FrameNumber Frame, ulong Page)> _frames = [];

    /// <summary>Clears all entries of a range, whose ends no huge page reaches over, flushes the CPU, gives the frames back, and has waiting accesses look again.</summary>
    public void Run(AddressRange range)
    {
        var flush = new CpuFlush(cpu);
        foreach (Vma vma in vmas.In(range))
        {
            ClearMapping(vma, vma.Range.Intersect(range), ref flush);
            flush.EndMapping();
        }

        if (Breaks.PageFreedBeforeTheFlush)
        {
            FreeAll();
        }

        flush.Detach();
        FreeAll();
        cpu.Wake(range);
    }

    private void FreeAll()
    {
        foreach ((FrameNumber frame, ulong page) in _frames)
        {
            frames.RemoveMap(frame, new FrameMapping(spaceId, page));
            frames.Put(frame);
        }

        _frames.Clear();
    }

    private void ClearMapping(Vma vma, AddressRange range, ref CpuFlush flush)
    {
        ulong address = range.Start;
        while (table.FindNext(ref address, range.End) is { } leaf)
        {
            ulong end = Math.Min(CpuPageTable.LeafEnd(address), range.End);
            Clear(vma, leaf, address, end, ref flush);
            table.RemoveIfEmpty(address);
            address = end;
        }
    }

    private void Clear(Vma vma, CpuLeaf leaf, ulong address, ulong end, ref CpuFlush flush)
    {
        using (leaf.Lock.Enter())
        {
            for (; address < end; address += Page.Size)
            {
                CpuPte pte = leaf.Clear(address);
                if (pte.NamesFrame)
                {
                    flush.Add(address, pte);
                    Note(vma, pte, address);
                }
            }
        }
    }

    /// <summary>Notes what becomes of the frame that an entry has named. Page-table lock held.</summary>
    private void Note(Vma vma, CpuPte pte, ulong page)
    {
        if (vma.IsSpecial)
        {
            return;
        }

        if (pte.Maps)
        {
            frames.NoteMarks(pte);
            _frames.Add((pte.Frame, page));
        }
        else
        {
            // The frame of a page that is being moved belongs to who moves it, who will find its entry gone.
            frames.Unlink(pte.Frame, new FrameMapping(spaceId, page));
        }
    }
}
