namespace GpuSvm.Driver;

/// <content>Atomics on system memory: the device takes a page for itself.</content>
internal sealed partial class BlockService
{
    private void TakeWantedAlone(in MirrorInterval interval, Deadline deadline)
    {
        foreach (ref PageGroup group in Groups)
        {
            if (group.State == PageState.WantedAlone)
            {
                TakeAlone(ref group, interval, deadline);
            }
        }
    }

    /// <summary>Takes a page from the CPU and maps it for atomics; it waits on if the interval guards it no longer.</summary>
    /// <remarks>
    /// The page was brought in for writing before. <see cref="DeviceExclusive.TryMake"/> passes this mirror over when it invalidates, so
    /// that a retry means that somebody else has changed the page.
    /// </remarks>
    private void TakeAlone(ref PageGroup group, in MirrorInterval interval, Deadline deadline)
    {
        VirtualAddress page = AddressOf(group.Page);
        group.State = PageState.Pending;
        do
        {
            if (!interval.Notifier.TryReadBegin(deadline, out long sequence))
            {
                return;
            }

            Errno error;
            FrameNumber frame;
            using (_client.Mm.MmapLock.EnterShared())
            {
                error = DeviceExclusive.TryMake(_client.Mm, page, _client.Mirror, out frame);
            }

            if (error == Errno.None)
            {
                error = MapAlone(ref group, interval, sequence, frame);
            }

            if (error is not (Errno.None or Errno.EBUSY))
            {
                Finish(ref group, FaultResult.Fatal(error));
            }

            if (group.State == PageState.Done || error != Errno.EBUSY || interval.Notifier.IsRemoved)
            {
                return;
            }

            _tally.Retries++;
        }
        while (!deadline.HasPassed);
    }

    /// <summary>Maps a page that was taken, and unlocks and puts it whatever becomes of that.</summary>
    /// <returns>EBUSY: it has changed meanwhile, take it again. ENOMEM: nothing could be mapped.</returns>
    private Errno MapAlone(ref PageGroup group, in MirrorInterval interval, long sequence, FrameNumber frame)
    {
        try
        {
            using (_client.Mirror.UpdateLock.EnterLane(worker))
            {
                VirtualAddress page = AddressOf(group.Page);
                if (interval.Notifier.ReadRetry(sequence))
                {
                    return Errno.EBUSY;
                }

                if (!interval.Guards(AddressRange.PageAt(page)))
                {
                    return Errno.None;
                }

                Span<PfnEntry> entry = _entries.AsSpan(group.Page, 1);
                entry[0] = PfnEntry.Host(frame, FaultRights.NeededBy(FaultAccess.Atomic));
                Errno error = _client.Mirror.Map(page, entry);
                if (error != Errno.None || !entry[0].IsValid)
                {
                    return error == Errno.None ? Errno.EFAULT : error;
                }

                _tally.PagesMapped++;
                _tally.ExclusivePages++;
                Finish(ref group, FaultResult.Resolved);
                return Errno.None;
            }
        }
        finally
        {
            _client.Mm.Frames.Unlock(frame);
            _client.Mm.Frames.Put(frame);
        }
    }
}
