namespace GpuSvm.Live;

/// <summary>Pages of the app that are kept at home, while system calls or devices that know nothing of faults use them. Thread-safe.</summary>
/// <remarks>A pin is a reference to each frame: what has one does not move, and the frames of a buffer go to no other while one is left.</remarks>
internal sealed class PinTable(PageFrames frames, BufferTable buffers) : IDisposable
{
    private readonly RankedLock _lock = new(LockRank.Device);
    private readonly Dictionary<long, (AddressRange Range, FrameNumber[] Frames)> _pins = [];
    private long _lastPin;

    /// <summary>Brings pages home and takes a reference to each.</summary>
    /// <param name="mm">The app's address space.</param>
    /// <param name="range">Whole pages.</param>
    /// <param name="pin">Names it.</param>
    /// <returns>EFAULT where nothing is mapped or nothing may be read, ENOMEM, EBUSY; then no page is pinned.</returns>
    public Errno TryPin(AddressSpace mm, AddressRange range, out long pin)
    {
        pin = 0;
        var pinned = new List<FrameNumber>();
        Errno error = Errno.None;
        for (ulong page = range.Start; page < range.End.Value && error == Errno.None; page += Page.Size)
        {
            error = TryPin(mm, page, out FrameNumber frame);
            if (error == Errno.None)
            {
                pinned.Add(frame);
                buffers.AddPins(frame, 1);
            }
        }

        if (error != Errno.None)
        {
            Put(pinned);
            return error;
        }

        using (_lock.Enter())
        {
            pin = ++_lastPin;
            _pins.Add(pin, (range, [.. pinned]));
            return Errno.None;
        }
    }

    /// <summary>Gives the references of a pin back.</summary>
    /// <exception cref="ArgumentException">There is no such pin.</exception>
    public void Unpin(long pin)
    {
        (AddressRange Range, FrameNumber[] Frames) pinned;
        using (_lock.Enter())
        {
            if (!_pins.Remove(pin, out pinned))
            {
                throw new ArgumentException($"There is no pin {pin}.", nameof(pin));
            }
        }

        Put(pinned.Frames);
    }

    /// <summary>Gives all references back.</summary>
    public void Dispose()
    {
        long[] left;
        using (_lock.Enter())
        {
            left = [.. _pins.Keys];
        }

        Array.ForEach(left, Unpin);
    }

    /// <summary>Pins a page for writing where that is allowed: whoever uses it unseen may write it.</summary>
    private static Errno TryPin(AddressSpace mm, ulong page, out FrameNumber frame)
    {
        using (mm.MmapLock.EnterShared())
        {
            bool writes = mm.VmaAt(page) is { } vma && vma.Allows(CpuAccess.Write);
            return mm.TryPin(page, writes ? CpuAccess.Write : CpuAccess.Read, out frame);
        }
    }

    private void Put(IReadOnlyList<FrameNumber> pinned)
    {
        foreach (FrameNumber frame in pinned)
        {
            frames.Put(frame);
            buffers.AddPins(frame, -1);
        }
    }
}
