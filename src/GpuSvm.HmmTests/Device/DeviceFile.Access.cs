namespace GpuSvm.HmmTests;

/// <content>What the device does with pages where they are.</content>
public sealed partial class DeviceFile
{
    /// <summary>Most pages that are asked for at once.</summary>
    private const int WindowPages = 32;

    /// <summary>Faults of one command that are served before it gives up: others take the pages away faster than it can use them.</summary>
    private const int FaultLimit = 10_000;

    private Errno Read(AddressRange range, ref DeviceCommand done, Span<byte> buffer)
    {
        Errno error = TryBounce(range, out byte[] bounce);
        error = error == Errno.None ? Transfer(range, bounce, CpuAccess.Read, ref done) : error;
        return error == Errno.None ? GiveBack(bounce, buffer) : error;
    }

    private Errno Write(AddressRange range, ref DeviceCommand done, ReadOnlySpan<byte> buffer)
    {
        Errno error = TryBounce(range, out byte[] bounce);
        if (error != Errno.None || buffer.Length < bounce.Length)
        {
            return error != Errno.None ? error : Errno.EFAULT;
        }

        buffer[..bounce.Length].CopyTo(bounce);
        return Transfer(range, bounce, CpuAccess.Write, ref done);
    }

    /// <summary>Reads pages that the device must have already.</summary>
    /// <returns>ENOENT when it does not have one of them.</returns>
    private Errno ReadBack(AddressRange range, ref DeviceCommand done, Span<byte> buffer)
    {
        Errno error = TryBounce(range, out byte[] bounce);
        if (error == Errno.None)
        {
            using (UpdateLock.Enter())
            {
                error = TransferMirrored(range, bounce, CpuAccess.Read, ref done);
            }
        }

        return error == Errno.None ? GiveBack(bounce, buffer) : error;
    }

    private static Errno TryBounce(AddressRange range, out byte[] bounce)
    {
        bool fits = range.Length <= (ulong)Array.MaxLength;
        bounce = fits ? new byte[range.Length] : [];
        return fits ? Errno.None : Errno.ENOMEM;
    }

    private static Errno GiveBack(byte[] bounce, Span<byte> buffer) => bounce.AsSpan().TryCopyTo(buffer) ? Errno.None : Errno.EFAULT;

    /// <summary>Copies page by page, and asks for the rest of the range as often as a page is missing.</summary>
    private Errno Transfer(AddressRange range, byte[] bounce, CpuAccess access, ref DeviceCommand done)
    {
        while (done.Faults < FaultLimit)
        {
            Errno error;
            using (UpdateLock.Enter())
            {
                error = TransferMirrored(range, bounce, access, ref done);
            }

            if (error != Errno.ENOENT)
            {
                return error;
            }

            error = Fault(new AddressRange(range.Start + (done.CopiedPages * Page.Size), range.End), access);
            if (error != Errno.None)
            {
                return error;
            }

            done.Faults++;
        }

        return Errno.EBUSY;
    }

    /// <summary>Copies pages, from the first that is not copied yet up to one that the device does not have. Update lock held.</summary>
    private Errno TransferMirrored(AddressRange range, byte[] bounce, CpuAccess access, ref DeviceCommand done)
    {
        for (; done.CopiedPages < range.PageCount; done.CopiedPages++)
        {
            int offset = (int)(done.CopiedPages * Page.Size);
            if (!_mirror.TryFind(range.Start + (ulong)offset, access, out FrameNumber frame))
            {
                return Errno.ENOENT;
            }

            Span<byte> here = bounce.AsSpan(offset, (int)Page.Size);
            if (access == CpuAccess.Read)
            {
                _device.Bytes(frame).CopyTo(here);
            }
            else
            {
                here.CopyTo(_device.Bytes(frame));
            }
        }

        return Errno.None;
    }

    private Errno Fault(AddressRange range, CpuAccess access)
    {
        Errno error = Errno.None;
        for (ulong start = range.Start, end; start < range.End.Value && error == Errno.None; start = end)
        {
            end = Math.Min(start + (WindowPages * Page.Size), range.End);
            error = FaultWindow(new AddressRange(start, end), access);
        }

        return error;
    }

    private Errno FaultWindow(AddressRange window, CpuAccess access)
    {
        Span<HmmPfn> pfns = stackalloc HmmPfn[(int)window.PageCount];
        HmmPfn wanted = access == CpuAccess.Write ? HmmPfn.RequestFault | HmmPfn.RequestWrite : HmmPfn.RequestFault;
        Deadline deadline = Space.Clock.After(Deadline.Default);
        while (!deadline.HasPassed && _notifier.TryReadBegin(deadline, out long sequence))
        {
            pfns.Clear();
            Errno error = Look(_notifier, sequence, window, wanted, pfns);
            if (error == Errno.None)
            {
                using (UpdateLock.Enter())
                {
                    if (!_notifier.ReadRetry(sequence))
                    {
                        return Enter(window, wanted, pfns);
                    }
                }
            }
            else if (error != Errno.EBUSY)
            {
                return error;
            }
        }

        return Errno.EBUSY;
    }

    private Errno Look(IntervalNotifier notifier, long sequence, AddressRange window, HmmPfn wanted, Span<HmmPfn> pfns)
    {
        var range = new HmmRange
        {
            Notifier = notifier,
            Sequence = sequence,
            Range = window,
            Pfns = pfns,
            DefaultFlags = wanted,
            Owner = _device,
        };
        using (Space.MmapLock.EnterShared())
        {
            return HmmRangeFault.Fault(Space, ref range);
        }
    }

    /// <summary>Puts what was found into the mirror. Update lock held.</summary>
    private Errno Enter(AddressRange window, HmmPfn wanted, ReadOnlySpan<HmmPfn> pfns)
    {
        ulong page = window.Start;
        foreach (HmmPfn pfn in pfns)
        {
            Checks.That(pfn.IsValid && !pfn.IsError, "A page that was wanted and not refused is there.");
            if (!pfn.IsWritable && wanted.Has(HmmPfn.RequestWrite))
            {
                return Errno.EFAULT;
            }

            _mirror.Set(page, pfn.Frame, pfn.IsWritable ? MirrorAccess.Write : MirrorAccess.Read);
            page += Page.Size;
        }

        return Errno.None;
    }
}
