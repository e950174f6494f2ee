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
