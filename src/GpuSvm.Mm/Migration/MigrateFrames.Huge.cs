namespace GpuSvm.Mm;

/// <content>Huge pages, which move as one, or are split on the way.</content>
public sealed partial class MigrateFrames
{
    /// <summary>True if a huge page begins at a word and all of its frames are given there.</summary>
    private bool IsWhole(int index)
    {
        FrameNumber head = _source[index].Frame;
        bool isWhole = HugePage.IsHead(head) && _frames.IsHuge(head) && _count - index >= HugePage.PageCount;
        for (int i = 1; isWhole && i < HugePage.PageCount; i++)
        {
            isWhole = _source[index + i].Frame == head + (ulong)i;
        }

        return isWhole;
    }

    /// <summary>Splits a huge page of which only a part is given, unless it is locked.</summary>
    private void Split(FrameNumber frame)
    {
        FrameNumber head = HugePage.HeadOf(frame);
        if (!_frames.TryGet(frame))
        {
            return;
        }

        if (_frames.TryLockHuge(head))
        {
            _hugeMover.TrySplit(head);
            _frames.UnlockMigrated(head);
        }

        _frames.Put(frame);
    }

    private bool TryCollectHuge(FrameNumber head)
    {
        if (_frames.IsFixed(head) || !_frames.TryGet(head))
        {
            return false;
        }

        if (!_frames.TryLockHuge(head))
        {
            _frames.Put(head);
            return false;
        }

        bool isUnmapped = _frames.MapCount(head) > 0 && _mover.TryUnmap(head, otherReferences: 0);
        bool isCollected = isUnmapped && _mover.HasUnmappedHuge;
        if (!isCollected)
        {
            GiveBack(head);
        }

        return isCollected;
    }

    /// <summary>Leaves a locked huge page, or what others have made of it since, where it is.</summary>
    private void GiveBack(FrameNumber head)
    {
        MigratePfn staying = MigratePfn.OfHuge(head);
        if (!_mover.HasUnmappedHuge || _hugeMover.TryComplete(ref staying, default))
        {
            // Split before its entry was replaced, each part has the references of its entry alone.
            _mover.Restore(head, head);
            _frames.UnlockMigrated(head);
            _frames.Put(head);
            return;
        }

        for (ulong i = 0; i < HugePage.PageCount; i++)
        {
            _mover.Restore(head + i, head + i);
            _frames.UnlockMigrated(head + i);
            _frames.Put(head + i);
        }
    }

    /// <summary>Splits a huge page that goes to single frames, and takes note where others have split it.</summary>
    private void PartForDestination(int index)
    {
        MigratePfn source = _source[index];
        if (source.IsCompound)
        {
            Span<MigratePfn> destination = _destination.AsSpan(index, HugePage.PageCount);
            if (!destination[0].IsCompound && destination.ContainsAnyExcept(default(MigratePfn)))
            {
                _hugeMover.TrySplit(source.Frame);
            }

            _hugeMover.Part(_source.AsSpan(index, HugePage.PageCount), destination);
        }
    }

    /// <summary>Ends the migration of a huge page.</summary>
    /// <returns>False when it has been split: then its pages stand in the words, to be ended one by one.</returns>
    private bool TryCompleteHuge(int index)
    {
        ref MigratePfn source = ref _source[index];
        FrameNumber head = source.Frame;
        if (_hugeMover.TryComplete(ref source, _destination[index]))
        {
            _frames.UnlockMigrated(head);
            _frames.Put(head);
            return true;
        }

        _hugeMover.Part(_source.AsSpan(index, HugePage.PageCount), _destination.AsSpan(index, HugePage.PageCount));
        return false;
    }
}
