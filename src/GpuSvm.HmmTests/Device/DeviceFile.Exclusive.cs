namespace GpuSvm.HmmTests;

/// <content>Pages for the device alone.</content>
public sealed partial class DeviceFile
{
    /// <remarks>Source: Linux dmirror_exclusive; but with the check that no change came between, which that leaves out.</remarks>
    private Errno MakeExclusive(AddressRange range, ref DeviceCommand done, Span<byte> buffer)
    {
        using (Space.MmapLock.EnterShared())
        {
            for (ulong page = range.Start; page < range.End.Value; page += Page.Size)
            {
                Errno error = MakeExclusive(page);
                if (error != Errno.None)
                {
                    return error;
                }
            }
        }

        return ReadBack(range, ref done, buffer);
    }

    /// <summary>Gets one page. The mmap lock is held.</summary>
    private Errno MakeExclusive(ulong page)
    {
        Deadline deadline = Space.Clock.After(Deadline.Default);
        while (!deadline.HasPassed)
        {
            // A fault changes the page table; so it comes first, that none comes between the two below.
            Errno error = Space.HandleFaultLocked(page, CpuAccess.Write);
            if (error is not (Errno.None or Errno.EAGAIN) || !_notifier.TryReadBegin(deadline, out long sequence))
            {
                return error is Errno.None or Errno.EAGAIN ? Errno.EBUSY : error;
            }

            error = DeviceExclusive.TryMake(Space, page, _device, out FrameNumber frame);
            if (error != Errno.None)
            {
                return error;
            }

            bool isEntered;
            using (UpdateLock.Enter())
            {
                isEntered = !_notifier.ReadRetry(sequence);
                if (isEntered)
                {
                    _mirror.Set(page, frame, MirrorAccess.Atomic);
                }
            }

            _device.Frames.Unlock(frame);
            _device.Frames.Put(frame);
            if (isEntered)
            {
                return Errno.None;
            }
        }

        return Errno.EBUSY;
    }

    private Errno CheckExclusive(AddressRange range)
    {
        using (UpdateLock.Enter())
        {
            return _mirror.HasAtomic(range) ? Errno.EPERM : Errno.None;
        }
    }
}
