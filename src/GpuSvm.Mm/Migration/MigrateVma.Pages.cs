namespace GpuSvm.Mm;

/// <content>Taking pages from the CPU.</content>
public sealed partial class MigrateVma
{
    /// <summary>Source: Linux migrate_vma_collect, migrate_vma_unmap.</summary>
    /// <param name="hole">What is collected where nothing is there.</param>
    private void Collect(MigratePfn hole)
    {
        using (_mm.Open(_range, InvalidationCause.Migrate, _owner))
        {
            for (ulong start = _range.Start, end; start < _range.End.Value; start = end)
            {
                end = Math.Min(CpuPageTable.LeafEnd(start), _range.End);
                Collected += CollectPages(start, end, hole);
            }
        }

        DropPinned();
        _isLocked = Checks.Enabled && Collected > 0;
        if (_isLocked)
        {
            // All page locks count as one, taken by trylock.
            HeldLocks.AcquireTried(this, LockRank.Page);
        }
    }

    /// <summary>Takes pages that entries at other places name from those, too; where somebody relies on one it drops out.</summary>
    private void DropPinned()
    {
        int left = 0;
        for (int i = 0; i < _shared.Count; i++)
        {
            int index = _shared[i];
            FrameNumber frame = _source[index].Frame;
            if (_mover.TryUnmap(frame, OtherReferences(frame)))
            {
                _shared[left++] = index;
                continue;
            }

            _mover.Restore(frame, frame);
            Unlock(frame);
            _frames.Put(frame);
            _source[index] = default;
            Collected--;
        }

        _shared.RemoveRange(left, _shared.Count - left);
    }

    private int CollectPages(ulong start, ulong end, MigratePfn hole)
    {
        CpuLeaf? leaf = Table.Find(start);
        if (IsWholeBlock(start, end) && TryCollectHuge(leaf, start, hole, out int collected))
        {
            return collected;
        }

        collected = 0;
        if (leaf is null)
        {
            int pages = PagesOf(start, end);
            _source.AsSpan(IndexOf(start), pages).Fill(hole);
            return hole.Migrates ? pages : 0;
        }

        bool isSplit = _mm.TrySplitHuge(leaf, start, _faultPage);
        var flush = new CpuFlush(_mm.Cpu);
        using (leaf.Lock.Enter())
        {
            if (!isSplit || leaf.IsHuge)
            {
                return 0;
            }

            ulong page = start;
            var window = default(FrameWindow);
            foreach (ref MigratePfn source in _source.AsSpan(IndexOf(start), PagesOf(start, end)))
            {
                source = CollectPage(leaf, page, hole, ref window);
                collected += source.Migrates ? 1 : 0;
                if (source.IsValid && !_frames.IsDevicePrivate(source.Frame))
                {
                    flush.Add(page, leaf.Read(page));
                }
                else
                {
                    flush.EndRun();
                }

                page += Page.Size;
            }

            if (!Breaks.CopyBeforeIsolate)
            {
                flush.Isolate();
            }
        }

        return collected;
    }

    private MigratePfn CollectPage(CpuLeaf leaf, ulong page, MigratePfn hole, ref FrameWindow window)
    {
        CpuPte pte = leaf.Read(page);
        if (!pte.HasFrame && !pte.IsDevicePrivate)
        {
            return pte.IsNone ? hole : default;
        }

        FrameNumber frame = pte.Frame;
        if (frame == _frames.ZeroFrame)
        {
            return (_select & MigrateSelect.System) != 0 ? hole : default;
        }

        ref FrameState state = ref _frames.StateIn(ref window, frame);
        return IsSelected(window.Pagemap) && IsReady(frame) && TryLock(frame, ref state) ? Take(leaf, page, frame, ref state) : default;
    }

    /// <summary>False if the bytes of a page must be read into its frame, and that can have no memory.</summary>
    private bool IsReady(FrameNumber frame) => _isAliasable || _frames.IsDevicePrivate(frame) || _frames.TryPrepareToMove(frame);

    private bool IsZeroPage(CpuPte pte) => pte.HasFrame && pte.Frame == _frames.ZeroFrame;

    private bool IsSelected(DevicePagemap? pagemap) => pagemap is not null
        ? (_select & SelectOf(pagemap)) != 0 && (pagemap.Owner == _owner || pagemap.Operations == _owner)
        : (_select & MigrateSelect.System) != 0;

    private static MigrateSelect SelectOf(DevicePagemap pagemap) =>
        pagemap.Kind == DevicePageKind.Private ? MigrateSelect.DevicePrivate : MigrateSelect.DeviceCoherent;

    /// <summary>Puts a migration entry in place of that of a locked page; its reference goes to the migration. Page-table lock held.</summary>
    /// <returns>0 when somebody else relies on the frame: it is pinned.</returns>
    private MigratePfn Take(CpuLeaf leaf, ulong page, FrameNumber frame, ref FrameState state)
    {
        // Without a second entry only this one could give somebody a reference, and its lock is held. Else one looks again later.
        int maps = SharedWord.Read(ref state.Maps);
        if (SharedWord.Read(ref state.References) > maps + OtherReferences(frame) && !Breaks.PinnedPageMoved)
        {
            Unlock(frame, ref state);
            return default;
        }

        if (maps > 1)
        {
            _shared.Add(IndexOf(page));
        }

        CpuPte pte = leaf.BeginMigration(page);
        PageFrames.EndMap(ref state, pte);
        return MigratePfn.From(pte);
    }

    private int DetachPages(CpuLeaf leaf, ulong start, ulong end)
    {
        int left = 0;
        var flush = new CpuFlush(_mm.Cpu);
        using (leaf.Lock.Enter())
        {
            if (IsWholeBlock(start, end))
            {
                PartForDestination(leaf, start);
            }

            Span<MigratePfn> sources = _source.AsSpan(IndexOf(start), PagesOf(start, end));
            Span<MigratePfn> destinations = _destination.AsSpan(IndexOf(start), sources.Length);
            for (int i = 0; i < sources.Length && i < destinations.Length; i += sources[i].PageCount)
            {
                ref MigratePfn source = ref sources[i];
                ulong page = start + ((ulong)i << Page.Shift);
                CpuPte pte = leaf.Read(page);
                bool moves = source.Migrates && _frames.MayMove(source, destinations[i]);
                moves &= !source.IsValid || PageMover.IsMigrationOf(pte, source.Frame);
                source = moves ? source : source.Staying();
                left += moves && source.IsValid ? 1 : 0;
                if (moves && source.IsValid && !_frames.IsDevicePrivate(source.Frame))
                {
                    flush.Add(page, pte);
                }
                else
                {
                    // It stays where it is; or it is one that the CPU cannot reach, of which that knows nothing.
                    flush.EndRun();
                }
            }

            if (!Breaks.DetachAfterVisible)
            {
                flush.Detach();
            }
        }

        return left;
    }

    private int OtherReferences(FrameNumber frame) => IsFaultPage(frame) ? 1 : 0;

    private bool TryLock(FrameNumber frame, ref FrameState state) => IsFaultPage(frame) || _frames.TryLockForMigration(frame, ref state);

    private void Unlock(FrameNumber frame, ref FrameState state)
    {
        if (!IsFaultPage(frame))
        {
            _frames.UnlockMigrated(frame, ref state);
        }
    }

    private void Unlock(FrameNumber frame)
    {
        if (!IsFaultPage(frame))
        {
            _frames.UnlockMigrated(frame);
        }
    }

    private bool IsFaultPage(FrameNumber frame) => _faultPage is { } fault && _frames.PageOf(fault) == _frames.PageOf(frame);
}
