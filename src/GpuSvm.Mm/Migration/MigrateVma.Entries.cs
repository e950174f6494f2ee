namespace GpuSvm.Mm;

/// <content>Giving pages back to the CPU.</content>
public sealed partial class MigrateVma
{
    /// <summary>Source: Linux migrate_vma_finalize.</summary>
    private int EnterPages(CpuLeaf leaf, ulong start, ulong end)
    {
        _shared.Clear();
        var woken = new CpuFlush(_mm.Cpu);
        using (leaf.Lock.Enter())
        {
            if (IsWholeBlock(start, end))
            {
                int first = IndexOf(start);
                _mover.Part(_source.AsSpan(first, HugePage.PageCount), _destination.AsSpan(first, HugePage.PageCount));
            }

            var sources = default(FrameWindow);
            var destinations = default(FrameWindow);
            for (ulong page = start, next; page < end; page = next)
            {
                int index = IndexOf(page);
                MigratePfn source = _source[index];
                next = page + SizeOf(source.IsCompound && _destination[index].IsCompound ? source : default);
                if (!source.IsValid)
                {
                    EndHole(leaf, page, index);
                    continue;
                }

                ref FrameState state = ref _frames.StateIn(ref sources, source.Frame);
                if (!source.IsCompound && _frames.IsNamedElsewhere(source.Frame, ref state, _mm.MappingOf(page)))
                {
                    _shared.Add(index);
                }
                else
                {
                    EnterPage(leaf, page, index, ref state, ref destinations, ref woken);
                }
            }

            woken.Wake();
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
        foreach (MigratePfn source in _source.AsSpan(IndexOf(start), PagesOf(start, end)))
        {
            moved += source.Migrates ? 1 : 0;
        }

        return moved;
    }

    /// <summary>Ends a page of which nothing was there. Page-table lock held.</summary>
    private void EndHole(CpuLeaf leaf, ulong page, int index)
    {
        ref MigratePfn source = ref _source[index];
        MigratePfn destination = _destination[index];
        if (source.IsCompound && destination.IsCompound)
        {
            EndHugeHole(leaf, page, index);
            return;
        }

        // A page that began here has its entry, with a reference, since MigratePages.
        CpuPte pte = leaf.Read(page);
        bool isEntered = source.Migrates && pte.Maps && pte.Frame == destination.Frame;
        source = isEntered || Breaks.MigrateNoop ? source : default;
        _mover.GiveUp(destination);
    }

    /// <summary>Gives a page that is named nowhere else the entry of the frame where it is now, unless it is gone. Page-table lock held.</summary>
    private void EnterPage(
        CpuLeaf leaf, ulong page, int index, ref FrameState state, ref FrameWindow destinations, ref CpuFlush woken)
    {
        ref MigratePfn source = ref _source[index];
        MigratePfn destination = _destination[index];
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
        ref FrameState to = ref _frames.StateIn(ref destinations, destination.Frame);
        _frames.MoveName(frame, ref state, destination.Frame, ref to, _mm.MappingOf(page));
        if (_frames.IsDevicePrivate(destination.Frame))
        {
            CpuPte away = pte.FromMigrationToDevice(destination.Frame);
            leaf.Replace(page, away);
            woken.Add(page, away);
        }
        else
        {
            _mover.Enter(_mm, leaf, page, pte, destination.Frame);
        }

        Unlock(frame, ref state);
        _frames.Put(frame, ref state);
        if (destinations.Pagemap is not null)
        {
            _frames.UnlockMigrated(destination.Frame, ref to);
        }
    }
}
