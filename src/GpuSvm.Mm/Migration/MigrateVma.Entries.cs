namespace GpuSvm.Mm;

/// <content>Giving pages back to the CPU.</content>
public sealed partial class MigrateVma
{
    /// <summary>Source: Linux migrate_vma_finalize.</summary>
    private int EnterPages(CpuLeaf leaf, ulong start, ulong end)
    {
        _shared.Clear();
        int first = IndexOf(start);
        Span<MigratePfn> sources = _source.AsSpan(first, PagesOf(start, end));
        Span<MigratePfn> destinations = _destination.AsSpan(first, sources.Length);
        using (leaf.Lock.Enter())
        {
            if (IsWholeBlock(start, end))
            {
                _hugeMover.Part(sources, destinations);
            }

            EnterPages(leaf, start, sources, destinations);
        }

        foreach (int index in _shared)
        {
            MigratePfn source = _source[index];
            _source[index] = _mover.Complete(source, _destination[index], PlaceOf(index));
            Unlock(source.Frame);
            _frames.Put(source.Frame);
        }

        if (Breaks.DetachAfterVisible)
        {
            _mm.Cpu.Detach(new AddressRange(start, end), default);
        }

        int moved = 0;
        for (int i = 0; i < sources.Length; i += sources[i].PageCount)
        {
            moved += sources[i].Migrates ? 1 : 0;
        }

        return moved;
    }

    /// <summary>Gives the pages of a table that are named nowhere else their entries, and notes the others. Page-table lock held.</summary>
    private void EnterPages(CpuLeaf leaf, ulong start, Span<MigratePfn> sources, Span<MigratePfn> destinations)
    {
        var from = default(FrameWindow);
        var to = default(FrameWindow);
        var woken = new CpuFlush(_mm.Cpu);
        var entered = new CpuEntries(_mm.Cpu);
        for (int i = 0, pages; i < sources.Length && i < destinations.Length; i += pages)
        {
            ref MigratePfn source = ref sources[i];
            pages = source.IsCompound && destinations[i].IsCompound ? HugePage.PageCount : 1;
            ulong page = start + ((ulong)i << Page.Shift);
            if (!source.IsValid)
            {
                EndHole(leaf, page, ref source, destinations[i]);
                continue;
            }

            ref FrameState state = ref _frames.StateIn(ref from, source.Frame);
            if (!source.IsCompound && _frames.IsNamedElsewhere(source.Frame, ref state, _mm.MappingOf(page)))
            {
                _shared.Add(IndexOf(page));
            }
            else
            {
                EnterPage(leaf, page, ref source, ref state, destinations[i], ref to, ref woken, ref entered);
            }
        }

        woken.Wake();
        entered.Tell();
    }

    /// <summary>Ends a page of which nothing was there. Page-table lock held.</summary>
    private void EndHole(CpuLeaf leaf, ulong page, ref MigratePfn source, MigratePfn destination)
    {
        if (source.IsCompound && destination.IsCompound)
        {
            EndHugeHole(leaf, page, IndexOf(page));
            return;
        }

        // A page that began here has its entry, with a reference, since MigratePages.
        CpuPte pte = leaf.Read(page);
        bool isEntered = source.Migrates && pte.Maps && pte.Frame == destination.Frame;
        source = isEntered || Breaks.MigrateNoop ? source : default;
        _mover.GiveUp(destination);
    }

    /// <summary>Gives a page that is named nowhere else the entry of the frame where it is now, unless it is gone.</summary>
    /// <remarks>Page-table lock held.</remarks>
    private void EnterPage(
        CpuLeaf leaf,
        ulong page,
        ref MigratePfn source,
        ref FrameState state,
        MigratePfn destination,
        ref FrameWindow window,
        ref CpuFlush woken,
        ref CpuEntries entered)
    {
        FrameNumber frame = source.Frame;
        CpuPte pte = leaf.Read(page);
        bool isThere = PageMover.IsMigrationOf(pte, frame);
        source = isThere ? source : source.Staying();
        if (!source.Migrates || Breaks.MigrateNoop)
        {
            if (isThere)
            {
                _mover.Replace(_mm, leaf, page, pte, frame);
            }

            Unlock(frame, ref state);
            if (!isThere)
            {
                _frames.Put(frame, ref state);
            }

            _mover.GiveUp(destination);
            return;
        }

        // The entry gets the reference that the migration had.
        ref FrameState to = ref _frames.StateIn(ref window, destination.Frame);
        _frames.MoveName(frame, ref state, destination.Frame, ref to, _mm.MappingOf(page));
        if (_frames.IsDevicePrivate(destination.Frame))
        {
            CpuPte away = pte.FromMigrationToDevice(destination.Frame);
            leaf.Replace(page, away);
            woken.Add(page, away);
        }
        else if (pte.IsHuge)
        {
            _mover.Enter(_mm, leaf, page, pte, destination.Frame);
        }
        else
        {
            CpuPte home = pte.FromMigration(destination.Frame);
            leaf.Replace(page, home);
            entered.Add(page, home);
        }

        Unlock(frame, ref state);
        _frames.Put(frame, ref state);
        if (window.Pagemap is not null)
        {
            _frames.UnlockMigrated(destination.Frame, ref to);
        }
    }
}
