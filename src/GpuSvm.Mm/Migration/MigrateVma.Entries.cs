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
            for (ulong page = start; page < end; page += Page.Size)
            {
                int index = IndexOf(page);
                MigratePfn source = _source[index];
                if (source.IsValid && _frames.IsNamedElsewhere(source.Frame, _mm.MappingOf(page)))
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
            EnterEverywhere(index);
        }

        if (Breaks.DetachAfterVisible)
        {
            _mm.Cpu.Detach(new AddressRange(start, end), default);
        }

        int moved = 0;
        foreach (MigratePfn source in _source.AsSpan(IndexOf(start), IndexOf(end) - IndexOf(start)))
        {
            moved += source.Migrates ? 1 : 0;
        }

        return moved;
    }

    /// <summary>Gives a page that is named nowhere else the entry of the frame where it is now, unless it is gone. Page-table lock held.</summary>
    private void EnterPage(CpuLeaf leaf, ulong page, int index)
    {
        ref MigratePfn source = ref _source[index];
        MigratePfn destination = _destination[index];
        CpuPte pte = leaf.Read(page);
        if (!source.IsValid)
        {
            // A page that began here has its entry, with a reference, since MigratePages.
            bool isEntered = source.Migrates && pte.Maps && pte.Frame == destination.Frame;
            source = isEntered || Breaks.MigrateNoop ? source : default;
            GiveUp(destination);
            return;
        }

        bool isThere = PageMover.IsMigrationOf(pte, source.Frame);
        source = isThere ? source : source.Staying();
        bool hasMoved = source.Migrates && !Breaks.MigrateNoop;
        if (isThere)
        {
            // The entry gets the reference that the migration had.
            _mover.Replace(_mm, leaf, page, pte, hasMoved ? destination.Frame : source.Frame);
        }

        Unlock(source.Frame);
        if (hasMoved || !isThere)
        {
            _frames.Put(source.Frame);
        }

        if (!hasMoved)
        {
            GiveUp(destination);
        }
        else if (_frames.PagemapOf(destination.Frame) is not null)
        {
            _frames.UnlockMigrated(destination.Frame);
        }
    }

    /// <summary>Does the same for a page that entries at other places name, too.</summary>
    private void EnterEverywhere(int index)
    {
        ref MigratePfn source = ref _source[index];
        MigratePfn destination = _destination[index];
        bool hasMoved = source.Migrates && !Breaks.MigrateNoop;
        FrameNumber target = hasMoved ? destination.Frame : source.Frame;
        bool isSystem = hasMoved && _frames.PagemapOf(target) is null;
        if (isSystem)
        {
            // Its first entry makes it known, and it must not be moved before it has the others.
            bool isTaken = _frames.TryLockForMigration(target);
            Checks.That(isTaken, "Nobody knows the new frame of a page before it has an entry.");
        }

        bool isThere = _mover.Restore(source.Frame, target, PlaceOf(index));
        Unlock(source.Frame);
        _frames.Put(source.Frame);
        if (isSystem)
        {
            _frames.UnlockMigrated(target);
            _frames.Put(target);
        }
        else
        {
            GiveUp(destination);
        }

        source = isThere ? source : source.Staying();
    }

    /// <summary>Gives the migration's reference of a destination back, which frees it if no entry names it; a device's is locked.</summary>
    private void GiveUp(MigratePfn destination)
    {
        if (destination.IsValid)
        {
            if (_frames.PagemapOf(destination.Frame) is not null)
            {
                _frames.UnlockMigrated(destination.Frame);
            }

            _frames.Put(destination.Frame);
        }
    }
}
