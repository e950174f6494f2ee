namespace GpuSvm.Mm;

/// <content>What becomes of single pages.</content>
public sealed partial class MigrateVma
{
    private void Collect(object? owner)
    {
        Errno error = _mm.Notifiers.Begin(new Invalidation(_range, InvalidationCause.Migrate, owner), out InvalidationScope scope);
        Checks.That(error == Errno.None, "An invalidation that may wait is never refused.");
        using (scope)
        {
            ulong address = _range.Start;
            while (Table.FindNext(ref address, _range.End) is { } leaf)
            {
                ulong end = Math.Min(CpuPageTable.LeafEnd(address), _range.End);
                Collected += CollectPages(leaf, address, end);
                address = end;
            }
        }

        if (Checks.Enabled && Collected > 0)
        {
            // All page locks count as one, taken by trylock.
            HeldLocks.AcquireTried(this, LockRank.Page);
        }
    }

    private int CollectPages(CpuLeaf leaf, ulong start, ulong end)
    {
        int collected = 0;
        var flush = new CpuFlush(_mm.Cpu);
        using (leaf.Lock.Enter())
        {
            for (ulong page = start; page < end; page += Page.Size)
            {
                if (TryCollect(leaf, page))
                {
                    flush.Add(page, SourceAt(page).Frame);
                    collected++;
                }
            }

            if (!Breaks.CopyBeforeIsolate)
            {
                flush.Isolate();
            }
        }

        return collected;
    }

    /// <summary>Locks a page and puts a migration entry in place of its entry, whose reference goes to the migration.</summary>
    private bool TryCollect(CpuLeaf leaf, ulong page)
    {
        CpuPte pte = leaf.Read(page);
        if (!pte.HasFrame || pte.Frame == _frames.ZeroFrame || !_frames.TryLockForMigration(pte.Frame))
        {
            return false;
        }

        if (_frames.ReferenceCount(pte.Frame) != 1)
        {
            // Somebody else relies on the frame: it is pinned.
            _frames.UnlockMigrated(pte.Frame);
            return false;
        }

        leaf.BeginMigration(page);
        _frames.EndMap(pte.Frame);
        SourceAt(page) = MigratePfn.From(pte);
        return true;
    }

    private int DetachPages(CpuLeaf leaf, ulong start, ulong end)
    {
        int left = 0;
        var flush = new CpuFlush(_mm.Cpu);
        using (leaf.Lock.Enter())
        {
            for (ulong page = start; page < end; page += Page.Size)
            {
                ref MigratePfn source = ref SourceAt(page);
                if (source.Migrates && _destination[IndexOf(page)].IsValid && IsThere(leaf, page, source))
                {
                    flush.Add(page, source.Frame);
                    left++;
                }
                else
                {
                    source = source.Staying();
                }
            }

            flush.Detach();
        }

        return left;
    }

    private int EnterPages(CpuLeaf leaf, ulong start, ulong end)
    {
        int moved = 0;
        using (leaf.Lock.Enter())
        {
            for (ulong page = start; page < end; page += Page.Size)
            {
                ref MigratePfn source = ref SourceAt(page);
                MigratePfn destination = _destination[IndexOf(page)];
                if (source.IsValid)
                {
                    Enter(leaf, page, ref source, destination);
                }

                if (destination.IsValid && !source.Migrates)
                {
                    _frames.Put(destination.Frame);
                }

                moved += source.Migrates ? 1 : 0;
            }
        }

        return moved;
    }

    /// <summary>Gives a page the entry of the frame where it is now, unless it is gone; unlocks it and frees a frame that it has left.</summary>
    private void Enter(CpuLeaf leaf, ulong page, ref MigratePfn source, MigratePfn destination)
    {
        bool isThere = IsThere(leaf, page, source);
        source = isThere ? source : source.Staying();
        if (isThere)
        {
            FrameNumber frame = source.Migrates ? destination.Frame : source.Frame;
            _frames.Unlink(source.Frame, _mm.MappingOf(page));
            _frames.AddMap(frame, _mm.MappingOf(page));
            leaf.EndMigration(page, frame);

            // A CPU that cannot be told now faults on its next access, and is told then.
            _ = _mm.TellCpu(leaf, page);
        }

        _frames.UnlockMigrated(source.Frame);
        if (source.Migrates || !isThere)
        {
            _frames.Put(source.Frame);
        }
    }

    /// <summary>True if the entry of a page is the migration entry that was put there: the frame is locked, so no other is alike.</summary>
    private static bool IsThere(CpuLeaf leaf, ulong page, MigratePfn source)
    {
        CpuPte pte = leaf.Read(page);
        return pte.IsMigration && pte.Frame == source.Frame;
    }
}
