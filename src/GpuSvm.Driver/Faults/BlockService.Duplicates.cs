namespace GpuSvm.Driver;

/// <content>Pages of which the device reads a duplicate.</content>
internal sealed partial class BlockService
{
    /// <summary>Times that a page is tried to be duplicated, the first in vain if the CPU could write it: who writes it often reads it where it is.</summary>
    private const int DuplicateTries = 4;

    private void TakeWantedDuplicates(in MirrorInterval interval, Deadline deadline)
    {
        foreach (ref PageGroup group in Groups)
        {
            if (group.State == PageState.WantedDuplicate)
            {
                TakeDuplicate(ref group, interval, deadline);
            }
        }
    }

    /// <summary>Duplicates a page and maps that; it waits on if the interval guards it no longer, or if it is to be mapped where it is.</summary>
    /// <remarks>As <see cref="ReadDuplicate"/> says.</remarks>
    private void TakeDuplicate(ref PageGroup group, in MirrorInterval interval, Deadline deadline)
    {
        VirtualAddress page = AddressOf(group.Page);
        group.State = PageState.Pending;
        Errno error = Errno.EAGAIN;
        for (int i = 0; error == Errno.EAGAIN && !interval.Notifier.IsRemoved; i++)
        {
            group.IsInPlace = i == DuplicateTries;
            if (group.IsInPlace || !interval.Notifier.TryReadBegin(deadline, out long sequence))
            {
                return;
            }

            FrameNumber frame;
            using (_client.Mm.MmapLock.EnterShared())
            {
                error = ReadDuplicate.TryBegin(_client.Mm, page, out frame);
            }

            if (error != Errno.None)
            {
                // What has gone is looked up again; all else stays where it is.
                group.IsInPlace = error is not (Errno.EFAULT or Errno.ENOENT);
                return;
            }

            error = interval.Notifier.CheckRetry(sequence) ? Errno.EAGAIN : Duplicate(ref group, interval, sequence, frame);
            _client.Mm.Frames.Put(frame);
        }
    }

    /// <summary>Copies a page whose bytes stay as they are, or the sequence tells, and maps the copy.</summary>
    /// <returns>EAGAIN: it may have changed, begin again. Other errors: it is to be mapped where it is.</returns>
    private Errno Duplicate(ref PageGroup group, in MirrorInterval interval, long sequence, FrameNumber frame)
    {
        VirtualAddress page = AddressOf(group.Page);
        Errno error = _client.DevicePages!.TryDuplicate(frame, out ulong address);
        if (error != Errno.None)
        {
            group.IsInPlace = true;
            return error;
        }

        using (_client.Mirror.UpdateLock.Enter())
        {
            error =
                interval.Notifier.ReadRetry(sequence) ? Errno.EAGAIN :
                !interval.Guards(AddressRange.PageAt(page)) ? Errno.EBUSY :
                _client.Mirror.MapDuplicate(page, address);
            if (error == Errno.None)
            {
                _tally.PagesMapped++;
                _tally.DuplicatedPages++;
                Finish(ref group, FaultResult.Resolved);
                return Errno.None;
            }
        }

        _client.DevicePages.EndDuplicate(address);
        group.IsInPlace = error is not (Errno.EAGAIN or Errno.EBUSY);
        return error;
    }
}
