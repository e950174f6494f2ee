namespace GpuSvm.Mm;

/// <content>Pages that somebody outside of the address space relies on.</content>
public sealed partial class AddressSpace
{
    private const int PinTries = 64;

    /// <summary>Brings a page in and takes a reference to its frame: it stays that page's frame until the reference is put.</summary>
    /// <param name="address">Any byte of the page.</param>
    /// <param name="access">What is to be done with the frame.</param>
    /// <param name="frame">The frame, with a reference for the caller.</param>
    /// <returns>What a fault says; EBUSY when the page was taken away again each time.</returns>
    /// <remarks>
    /// A page that is pinned is not migrated; that it was written, the caller has said by <paramref name="access"/>. Locking: the mmap
    /// lock is held, shared is enough; no lock from the page locks on. Source: Linux mm/gup.c, pin_user_pages.
    /// </remarks>
    public Errno TryPin(VirtualAddress address, CpuAccess access, out FrameNumber frame)
    {
        MmapLock.AssertHeld();
        frame = default;
        if (_vmas.At(address) is not { } vma || !vma.Allows(access))
        {
            return Errno.EFAULT;
        }

        ulong page = Page.AlignDown(address);
        for (int i = 0; i < PinTries; i++)
        {
            CpuLeaf leaf = _table.GetOrAdd(page);
            using (leaf.Lock.Enter())
            {
                if (leaf.TryTouch(page, access, out CpuPte pte))
                {
                    frame = pte.Frame;
                    _frames.Get(frame);
                    return Errno.None;
                }
            }

            Errno error = HandleFaultLocked(vma, page, access);
            if (error is not (Errno.None or Errno.EAGAIN))
            {
                return error;
            }
        }

        return Errno.EBUSY;
    }

    /// <summary>Brings the pages of a range in, for writing where that is allowed, and keeps them there.</summary>
    /// <param name="range">Page-aligned.</param>
    /// <param name="pins">The pages; null on failure.</param>
    /// <returns>As <see cref="TryPin(VirtualAddress, CpuAccess, out FrameNumber)"/>; after an error no page is pinned.</returns>
    /// <exception cref="ArgumentException">The range is not made of whole pages.</exception>
    /// <remarks>Locking: no lock held on entry; takes the mmap lock shared for each page.</remarks>
    public Errno TryPin(AddressRange range, out PagePins? pins)
    {
        if (!range.IsPageAligned)
        {
            throw new ArgumentException($"{range} is not made of whole pages.", nameof(range));
        }

        pins = new PagePins(_frames);
        for (ulong page = range.Start; page < range.End.Value; page += Page.Size)
        {
            Errno error = TryPinAsAllowed(page, out FrameNumber frame);
            if (error != Errno.None)
            {
                pins.Dispose();
                pins = null;
                return error;
            }

            pins.Add(frame);
        }

        return Errno.None;
    }

    /// <summary>Pins a page for writing where that is allowed: whoever uses it unseen may write it.</summary>
    private Errno TryPinAsAllowed(ulong page, out FrameNumber frame)
    {
        using (MmapLock.EnterShared())
        {
            bool writes = _vmas.At(page) is { } vma && vma.Allows(CpuAccess.Write);
            return TryPin(page, writes ? CpuAccess.Write : CpuAccess.Read, out frame);
        }
    }

    /// <summary>Brings a page in for writing, or finds that a device has it alone; locks it, and takes a reference to its frame.</summary>
    /// <returns>EAGAIN when somebody else had it locked, and may have changed it: try again. Else what a fault says.</returns>
    internal Errno TryLockForWriting(Vma vma, ulong page, Deadline deadline, out FrameNumber frame)
    {
        frame = default;
        CpuLeaf leaf = _table.GetOrAdd(page);
        if (!TrySplitHuge(leaf, page))
        {
            _frames.AwaitUnlock(leaf.Read(page).Frame, deadline);
            return Errno.EAGAIN;
        }

        bool isThere;
        using (leaf.Lock.Enter())
        {
            CpuPte pte = leaf.Read(page);
            isThere = leaf.TryTouch(page, CpuAccess.Write, out _) || pte is { IsDeviceExclusive: true, KeptRights: Protection.ReadWrite };
            frame = pte.Frame;
            if (isThere && !leaf.IsHuge && _frames.TryLock(frame))
            {
                _frames.Get(frame);
                return Errno.None;
            }
        }

        if (!isThere)
        {
            Errno error = HandleFaultLocked(vma, page, CpuAccess.Write);
            return error == Errno.None ? Errno.EAGAIN : error;
        }

        _frames.AwaitUnlock(frame, deadline);
        return Errno.EAGAIN;
    }
}
