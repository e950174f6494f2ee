namespace GpuSvm.Mm;

/// <summary>What one call takes out of a page table: which pages the CPU must forget, and which frames are freed after that.</summary>
/// <remarks>Locking: used with the mmap lock held exclusively, unless a method says otherwise; by one thread.</remarks>
internal sealed partial class PageZap(VmaList vmas, CpuPageTable table, PageFrames frames, ICpu cpu, int spaceId, Clock clock)
{
    private readonly List<(FrameNumber Frame, ulong Page)> _frames = [];

    /// <summary>Clears all entries of a range, whose ends no huge page reaches over, flushes the CPU, gives the frames back, and has waiting accesses look again.</summary>
    public void Run(AddressRange range)
    {
        var flush = new CpuFlush(cpu);
        foreach (Vma vma in vmas.In(range))
        {
            ClearMapping(vma, vma.Range.Intersect(range), ref flush);
            flush.EndRun();
            GiveKept(vma, vma.Range.Intersect(range), shows: ushort.MaxValue);
        }

        if (Breaks.PageFreedBeforeTheFlush)
        {
            FreeAll();
        }

        flush.Detach();
        FreeAll();
        cpu.Wake(range);
    }

    /// <summary>Clears all entries of a mapping while other threads may enter pages: those may be left.</summary>
    /// <returns>Number of pages whose entries named a frame.</returns>
    /// <remarks>Locking: the mmap lock is held, shared is enough. So each table is flushed under its own lock, and stays.</remarks>
    public long RunBesideFaults(Vma vma)
    {
        long taken = 0;
        ulong address = vma.Range.Start;
        while (table.FindNext(ref address, vma.Range.End) is { } leaf)
        {
            ulong end = Math.Min(CpuPageTable.LeafEnd(address), vma.Range.End);
            var flush = new CpuFlush(cpu);
            using (leaf.Lock.Enter())
            {
                taken += ClearLocked(vma, leaf, address, end, ref flush);
                flush.Detach();
            }

            FreeAll();
            address = end;
        }

        cpu.Wake(vma.Range);
        return taken;
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
            _ = ClearLocked(vma, leaf, address, end, ref flush);
        }
    }

    private long ClearLocked(Vma vma, CpuLeaf leaf, ulong address, ulong end, ref CpuFlush flush)
    {
        long taken = 0;
        for (; address < end; address += Page.Size)
        {
            CpuPte pte = leaf.Clear(address);
            if (pte.NamesFrame)
            {
                taken += pte.Frame == frames.ZeroFrame ? 0 : pte.IsHuge ? HugePage.PageCount : 1;
                if (vma.IsSpecial || !frames.IsDevicePrivate(pte.Frame))
                {
                    // Of a page that it cannot reach the CPU knows nothing.
                    flush.Add(address, pte);
                }

                Note(vma, pte, address);
            }
        }

        return taken;
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
