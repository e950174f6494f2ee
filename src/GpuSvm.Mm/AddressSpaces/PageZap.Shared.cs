namespace GpuSvm.Mm;

/// <content>Mappings of memory objects that go: what other mappings show keeps its bytes.</content>
internal sealed partial class PageZap
{
    private readonly List<(MemoryObject Memory, ulong Index, FrameNumber Frame, ulong Page)> _left = [];
    private readonly List<FrameMapping> _places = [];

    /// <summary>As <see cref="Run"/>, for mappings that go: pages of a memory object that another mapping shows keep their bytes.</summary>
    public void RunUnmapped(AddressRange range)
    {
        var flush = new CpuFlush(cpu);
        var leave = new CpuFlush(cpu);
        foreach (Vma vma in vmas.In(range))
        {
            AddressRange part = vma.Range.Intersect(range);
            if (vma.Backing is { Memory: MemoryObject { IsShared: true } memory } && !Breaks.SharedPagePunched)
            {
                LeaveMapping(vma, memory, part, ref flush, ref leave);
            }
            else
            {
                ClearMapping(vma, part, ref flush);
            }

            flush.EndRun();
            leave.EndRun();
            GiveKept(vma, part, shows: 1);
        }

        if (Breaks.PageFreedBeforeTheFlush)
        {
            FreeAll();
        }

        flush.Detach();
        leave.Leave();
        FreeAll();
        FreeLeft();
        cpu.Wake(range);
    }

    /// <summary>Gives pages up that a memory object only keeps.</summary>
    /// <param name="vma">A mapping, maybe of such an object.</param>
    /// <param name="range">The part of it that goes or is discarded.</param>
    /// <param name="shows">Only pages that at most this many mappings show.</param>
    private void GiveKept(Vma vma, AddressRange range, int shows)
    {
        if (vma.Backing is not { Memory: MemoryObject memory } backing)
        {
            return;
        }

        ulong first = backing.IndexOf(range.Start);
        foreach ((ulong index, FrameNumber frame) in memory.TakeKept(first, range.PageCount, shows))
        {
            if (!frames.IsDevicePrivate(frame))
            {
                cpu.Detach(AddressRange.PageAt(range.Start + ((index - first) << Page.Shift)), frame);
            }

            frames.Put(frame);
        }
    }

    private void LeaveMapping(Vma vma, MemoryObject memory, AddressRange range, ref CpuFlush flush, ref CpuFlush leave)
    {
        ulong address = range.Start;
        while (table.FindNext(ref address, range.End) is { } leaf)
        {
            ulong end = Math.Min(CpuPageTable.LeafEnd(address), range.End);
            Deadline patience = clock.After(Deadline.Default);
            while (TryLeave(vma, memory, leaf, new AddressRange(address, end), patience, ref flush, ref leave) is { } moving)
            {
                frames.AwaitUnlock(moving, patience);
            }

            // In what lies between two tables there may be pages that others show.
            flush.EndRun();
            table.RemoveIfEmpty(address);
            address = end;
        }
    }

    /// <summary>Clears the entries of one table.</summary>
    /// <returns>
    /// A page that is being moved: who moves it would find no entry, and so nobody who wants the bytes. Then nothing was done. Null when
    /// all is done.
    /// </returns>
    private FrameNumber? TryLeave(
        Vma vma, MemoryObject memory, CpuLeaf leaf, AddressRange range, Deadline patience, ref CpuFlush flush, ref CpuFlush leave)
    {
        using (leaf.Lock.Enter())
        {
            for (ulong page = range.Start; page < range.End.Value && !patience.HasPassed; page += Page.Size)
            {
                if (leaf.Read(page) is { IsMigration: true } pte)
                {
                    return pte.Frame;
                }
            }

            for (ulong page = range.Start; page < range.End.Value; page += Page.Size)
            {
                ulong index = vma.Backing!.Value.IndexOf(page);
                if (!memory.IsShownTwice(index))
                {
                    _ = ClearLocked(vma, leaf, page, page + Page.Size, ref flush);
                    continue;
                }

                flush.EndRun();
                CpuPte pte = leaf.Clear(page);
                if (pte.Maps)
                {
                    frames.NoteMarks(pte);
                    _left.Add((memory, index, pte.Frame, page));
                    leave.Add(page, pte);
                }
                else if (pte.NamesFrame)
                {
                    frames.Unlink(pte.Frame, new FrameMapping(spaceId, page));
                }
            }

            return null;
        }
    }

    /// <summary>Gives the references of entries back; the last one of a page that others show stays with the object.</summary>
    private void FreeLeft()
    {
        foreach ((MemoryObject memory, ulong index, FrameNumber frame, ulong page) in _left)
        {
            frames.RemoveMap(frame, new FrameMapping(spaceId, page));
            frames.CopyMappings(frame, _places);
            if (_places.Count > 0 || !memory.TryKeep(index, frame))
            {
                frames.Put(frame);
            }
        }

        _left.Clear();
    }
}
