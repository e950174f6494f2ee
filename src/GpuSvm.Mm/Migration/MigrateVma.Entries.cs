namespace GpuSvm.Mm;

/// <content>Giving pages back to the CPU.</content>
public sealed partial class MigrateVma
{
    /// <summary>Source: Linux migrate_vma_finalize.</summary>
    private int EnterPages(CpuLeaf leaf, ulong start, ulong end)
    {
        _shared.Clear();
        using (leaf.Lock.Enter())
        {
            if (IsWholeBlock(start, end))
            {
                int first = IndexOf(start);
                _mover.Part(_source.AsSpan(first, HugePage.PageCount), _destination.AsSpan(first, HugePage.PageCount));
            }

            for (ulong page = start, next; page < end; page = next)
            {
                int index = IndexOf(page);
                MigratePfn source = _source[index];
                next = page + SizeOf(source.IsCompound && _destination[index].IsCompound ? source : default);
                if (source.IsValid && !source.IsCompound && _frames.IsNamedElsewhere(source.Frame, _mm.MappingOf(page)))
                {
                    _shared.Add(index);
                }
                else
                {
                    EnterPage(leaf, page, index);
                }
            }
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
        for (ulong page = start; page < end; page += SizeOf(SourceAt(page)))
        {
            moved += SourceAt(page).Migrates ? 1 : 0;
        }

        return moved;
    }

    /// <summary>Gives a page that is named nowhere else the entry of the frame where it is now, unless it is gone. Page-table lock held.</summary>
    private void EnterPage(CpuLeaf leaf, ulong page, int index)
    {
        ref MigratePfn source = ref _source[index];
        MigratePfn destination = _destination[index];
        CpuPte pte = leaf.Read(page);
        if (!source.IsValid && source.IsCompound && destination.IsCompound)
        {
            EndHugeHole(leaf, page, index);
            return;
        }

        if (!source.IsValid)
        {
            // A page that began here has its entry, with a reference, since MigratePages.
            bool isEntered = source.Migrates && pte.Maps && pte.Frame == destination.Frame;
            source = isEntered || Breaks.MigrateNoop ? source : default;
            _mover.GiveUp(destination);
            return;
        }

        bool isThere = PageMover.IsMigrationOf(pte, source.Frame);
        source = isThere ? source : source.Staying();
        bool hasMoved = source.Migrates && !Breaks.MigrateNoop;
        if (isThere)
        {
            // The entry gets the reference that the migration had.
            if (hasMoved)
            {
                _frames.MoveName(source.Frame, destination.Frame, _mm.MappingOf(page));
                _mover.Enter(_mm, leaf, page, pte, destination.Frame);
            }
            else
            {
                _mover.Replace(_mm, leaf, page, pte, source.Frame);
            }
        }

        Unlock(source.Frame);
        if (hasMoved || !isThere)
        {
            _frames.Put(source.Frame);
        }

        if (!hasMoved)
        {
            _mover.GiveUp(destination);
        }
        else if (_frames.PagemapOf(destination.Frame) is not null)
        {
            _frames.UnlockMigrated(destination.Frame);
        }
    }
}
