namespace GpuSvm.Mm;

/// <content>Entries of the page table that a forked child gets.</content>
public sealed partial class AddressSpace
{
    /// <summary>Shares the pages of a private mapping with a child that nobody else knows yet. Inside an invalidation of the range.</summary>
    private Errno ShareEntries(AddressSpace child, AddressRange range)
    {
        List<(ulong Page, CpuPte Pte)> copies = [];
        ulong address = range.Start;
        Errno error = Errno.None;
        while (error == Errno.None && _table.FindNext(ref address, range.End) is { } leaf)
        {
            ulong end = Math.Min(CpuPageTable.LeafEnd(address), range.End);

            // A huge page has one entry in one address space.
            SplitHuge(address);
            error = CopyEntries(child, leaf, new AddressRange(address, end), copies);

            // Also after a failure: these hold references, which the child's end gives back.
            child.EnterCopies(copies);
            address = end;
        }

        return error;
    }

    /// <summary>Gives a child, which nobody else knows yet, the entries of a shared mapping as they are.</summary>
    private void RepeatEntries(AddressSpace child, AddressRange range)
    {
        List<(ulong Page, CpuPte Pte)> copies = [];
        ulong address = range.Start;
        while (_table.FindNext(ref address, range.End) is { } leaf)
        {
            ulong end = Math.Min(CpuPageTable.LeafEnd(address), range.End);
            copies.Clear();
            using (leaf.Lock.Enter())
            {
                for (; address < end; address += Page.Size)
                {
                    CpuPte pte = leaf.Read(address);
                    if (pte.NamesFrame)
                    {
                        Repeat(child, address, pte);
                        copies.Add((address, pte));
                    }
                }
            }

            child.EnterCopies(copies);
        }
    }

    private void Repeat(AddressSpace child, ulong page, CpuPte pte)
    {
        if (pte.Maps)
        {
            _frames.Get(pte.Frame);
            _frames.AddMap(pte.Frame, child.MappingOf(page));
        }
        else
        {
            _frames.Link(pte.Frame, child.MappingOf(page));
        }
    }

    /// <summary>Works out what a child gets of one leaf, which the reverse map knows already; the CPU writes it no more on return.</summary>
    private Errno CopyEntries(AddressSpace child, CpuLeaf leaf, AddressRange range, List<(ulong Page, CpuPte Pte)> copies)
    {
        Errno error = Errno.None;
        var flush = new CpuFlush(_cpu);
        copies.Clear();
        using (leaf.Lock.Enter())
        {
            for (ulong page = range.Start; page < range.End.Value && error == Errno.None; page += Page.Size)
            {
                error = TryEndExclusive(leaf, page);
                CpuPte pte = leaf.Read(page);
                if (error == Errno.None && !pte.IsNone)
                {
                    error = Copy(child, leaf, page, ref flush, out CpuPte copy);
                    copies.Add((page, copy));
                }
            }

            if (!Breaks.ForkFlushLeftOut)
            {
                flush.WriteProtect();
            }
        }

        return error;
    }

    /// <summary>Works out the entry that a child gets of a page; none on failure. Page-table lock held.</summary>
    /// <remarks>Source: Linux copy_present_page, copy_present_ptes, copy_nonpresent_pte.</remarks>
    private Errno Copy(AddressSpace child, CpuLeaf leaf, ulong page, ref CpuFlush flush, out CpuPte copy)
    {
        CpuPte pte = leaf.Read(page);
        copy = pte;
        if (!pte.NamesFrame || pte.Frame == _frames.ZeroFrame)
        {
            return Errno.None;
        }

        if (pte.HasFrame && _frames.IsPinned(pte.Frame))
        {
            return CopyPinned(child, page, pte, out copy);
        }

        if (pte.KeptRights == Protection.ReadWrite)
        {
            leaf.SetRights(page, Protection.Read);
            flush.Add(page, pte);
            copy = leaf.Read(page);
        }

        // Who moves the page takes this mark along, so it goes before the entry can be replaced.
        _frames.SetFlags(pte.Frame, FrameFlags.None, FrameFlags.AnonExclusive);
        if (pte.Maps)
        {
            _frames.Get(pte.Frame);
            _frames.AddMap(pte.Frame, child.MappingOf(page));
        }
        else if (!Breaks.ForkForgetsAMigration)
        {
            _frames.Link(pte.Frame, child.MappingOf(page));
        }

        return Errno.None;
    }

    private Errno CopyPinned(AddressSpace child, ulong page, CpuPte pte, out CpuPte copy)
    {
        copy = default;
        Errno error = _frames.TryAllocate(out FrameNumber frame);
        if (error == Errno.None)
        {
            _frames.Copy(pte.Frame, frame);
            _frames.SetFlags(frame, FrameFlags.AnonExclusive);
            _frames.AddMap(frame, child.MappingOf(page));
            copy = CpuPte.Map(frame, pte.Rights);
        }

        return error;
    }

    /// <summary>Enters what the parent has copied.</summary>
    private void EnterCopies(List<(ulong Page, CpuPte Pte)> copies)
    {
        if (copies.Count == 0)
        {
            return;
        }

        CpuLeaf leaf = _table.GetOrAdd(copies[0].Page);
        using (leaf.Lock.Enter())
        {
            foreach ((ulong page, CpuPte pte) in copies)
            {
                if (!pte.IsNone)
                {
                    leaf.Enter(page, pte);
                }
            }
        }
    }
}
