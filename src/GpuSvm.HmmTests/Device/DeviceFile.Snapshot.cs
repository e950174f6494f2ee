namespace GpuSvm.HmmTests;

/// <content>What the CPU's page table says.</content>
public sealed partial class DeviceFile
{
    private const int HugeOrder = 9;

    /// <summary>Looks at a range without wanting anything of it; the mirror stays as it is.</summary>
    /// <remarks>Each window has a notifier of its own for as long as it takes. Source: Linux dmirror_snapshot.</remarks>
    private Errno Snapshot(AddressRange range, Span<byte> buffer)
    {
        Span<byte> most = stackalloc byte[WindowPages];
        for (ulong start = range.Start, end; start < range.End.Value; start = end)
        {
            end = Math.Min(start + (WindowPages * Page.Size), range.End);
            var window = new AddressRange(start, end);
            Span<byte> bytes = most[..(int)window.PageCount];
            Errno error = SnapshotWindow(window, bytes);
            if (error != Errno.None || !bytes.TryCopyTo(buffer))
            {
                return error != Errno.None ? error : Errno.EFAULT;
            }

            buffer = buffer[bytes.Length..];
        }

        return Errno.None;
    }

    private Errno SnapshotWindow(AddressRange window, Span<byte> bytes)
    {
        var notifier = new IntervalNotifier(new SnapshotMirror(UpdateLock));
        Errno error = Space.Notifiers.Insert(notifier, window);
        if (error != Errno.None)
        {
            return error;
        }

        try
        {
            return SnapshotUntilStable(notifier, window, bytes);
        }
        finally
        {
            Space.Notifiers.Remove(notifier);
        }
    }

    private Errno SnapshotUntilStable(IntervalNotifier notifier, AddressRange window, Span<byte> bytes)
    {
        Span<HmmPfn> pfns = stackalloc HmmPfn[bytes.Length];
        Deadline deadline = Space.Clock.After(Deadline.Default);
        while (!deadline.HasPassed && notifier.TryReadBegin(deadline, out long sequence))
        {
            pfns.Clear();
            Errno error = Look(notifier, sequence, window, default, pfns);
            if (error == Errno.None)
            {
                using (UpdateLock.Enter())
                {
                    if (!notifier.ReadRetry(sequence))
                    {
                        for (int i = 0; i < pfns.Length; i++)
                        {
                            bytes[i] = (byte)Describe(pfns[i]);
                        }

                        return Errno.None;
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

    private SnapshotByte Describe(HmmPfn pfn)
    {
        if (pfn.IsError || !pfn.IsValid)
        {
            return pfn.IsError ? SnapshotByte.Error : SnapshotByte.None;
        }

        SnapshotByte rights = pfn.IsWritable ? SnapshotByte.Write : SnapshotByte.Read;
        return PlaceOf(pfn.Frame) | rights | (pfn.Order == HugeOrder ? SnapshotByte.Huge : SnapshotByte.None);
    }

    private SnapshotByte PlaceOf(FrameNumber frame)
    {
        PageFrames frames = _device.Frames;
        return frames.PagemapOf(frame) switch
        {
            null => frame == frames.ZeroFrame ? SnapshotByte.Zero : SnapshotByte.None,
            { Kind: DevicePageKind.Private } own when own.Owner == _device => SnapshotByte.PrivateLocal,
            { Kind: DevicePageKind.Private } => SnapshotByte.PrivateRemote,
            { } own when own.Owner == _device => SnapshotByte.CoherentLocal,
            _ => SnapshotByte.CoherentRemote,
        };
    }

    /// <summary>Has no entries; any change makes the snapshot start again.</summary>
    private sealed class SnapshotMirror(RankedLock updateLock) : IMirror
    {
        public RankedLock UpdateLock => updateLock;

        public bool Invalidate(IntervalNotifier notifier, in Invalidation invalidation) => true;
    }
}
