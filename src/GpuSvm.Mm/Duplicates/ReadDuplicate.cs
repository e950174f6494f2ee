namespace GpuSvm.Mm;

/// <summary>Keeps the bytes of a page as they are, so that a device can read a duplicate of them while the CPU reads the page itself.</summary>
/// <remarks>
/// <code>
/// ReadBegin of the page's notifier
/// TryBegin                                 mmap lock held: no entry of the page grants writing any more; an invalidation, if one did
/// copy the frame
/// update lock, ReadRetry, map the copy     for reading; if ReadRetry says so, put the frame, and begin again
/// Put of the frame
/// </code>
/// <para>
/// The one rule: the bytes of a private page change only through an entry that grants writing, and who would grant it to a page with
/// <see cref="FrameFlags.Duplicated"/> opens an invalidation first, inside which the mark goes. So the device's entry is dropped and flushed
/// before the write goes on. All else by which a page goes or gets another frame opens one anyway: unmap, discard, remap, fork, copy on
/// write, migration, collapse, poison, a change of protection. Who writes without an entry (a pin) has asked for one that grants it. The
/// mark stays when the device gives its duplicate up: then one invalidation finds nothing.
/// </para>
/// <para>
/// Only private anonymous memory: the bytes of others change through other address spaces, or without any. A page that a fork has shared
/// is private still: who writes it gets a frame of his own.
/// </para>
/// </remarks>
public static class ReadDuplicate
{
    /// <summary>Takes write access from the page of an address, and marks its frame.</summary>
    /// <param name="mm">The address space.</param>
    /// <param name="address">Any byte of the page.</param>
    /// <param name="frame">On success its frame, with a reference for the caller to give back.</param>
    /// <returns>
    /// EFAULT: nothing may be read there. EOPNOTSUPP: it is no private anonymous page of the system's memory, or the zero page. EBUSY: somebody
    /// relies on the page to stay writable, or is about to move it. ENOENT: the page is not there; who wants it brings it in.
    /// </returns>
    /// <remarks>Splits a huge page. Locking: the mmap lock is held, shared is enough; no lock from the page locks on. May open an invalidation.</remarks>
    public static Errno TryBegin(AddressSpace mm, VirtualAddress address, out FrameNumber frame)
    {
        ArgumentNullException.ThrowIfNull(mm);
        mm.MmapLock.AssertHeld();
        frame = default;
        if (mm.VmaAt(address) is not { } vma || !vma.Allows(CpuAccess.Read))
        {
            return Errno.EFAULT;
        }

        ulong page = Page.AlignDown(address);
        if (!vma.IsAnonymous)
        {
            return Errno.EOPNOTSUPP;
        }

        if (mm.PageTable.Find(page) is not { } leaf)
        {
            return Errno.ENOENT;
        }

        if (leaf.Read(page) is { IsHuge: true } huge && (huge.Frame == mm.Frames.ZeroFrame || !mm.TrySplitHuge(leaf, page)))
        {
            return huge.Frame == mm.Frames.ZeroFrame ? Errno.EOPNOTSUPP : Errno.EBUSY;
        }

        using (leaf.Lock.Enter())
        {
            Errno error = Check(mm.Frames, leaf.Read(page));
            if (error != Errno.None || !leaf.Read(page).IsWritable || Breaks.DuplicateLeftWritable)
            {
                return error == Errno.None ? Mark(mm.Frames, leaf, page, out frame) : error;
            }
        }

        AddressRange range = AddressRange.PageAt(page);
        using (mm.Open(range, InvalidationCause.ProtectionPage))
        using (leaf.Lock.Enter())
        {
            Errno error = Check(mm.Frames, leaf.Read(page));
            if (error != Errno.None)
            {
                return error;
            }

            leaf.SetRights(page, Protection.Read);
            mm.Cpu.WriteProtect(range);
            return Mark(mm.Frames, leaf, page, out frame);
        }
    }

    /// <summary>Says whether a page can have duplicates. Its page-table lock is held.</summary>
    private static Errno Check(PageFrames frames, CpuPte pte)
    {
        if (!pte.IsPresent || pte.IsHuge)
        {
            return pte.IsDevicePrivate ? Errno.EOPNOTSUPP : pte.IsNone ? Errno.ENOENT : Errno.EBUSY;
        }

        return
            pte.Frame == frames.ZeroFrame ? Errno.EOPNOTSUPP :
            frames.ReferenceCount(pte.Frame) > frames.MapCount(pte.Frame) ? Errno.EBUSY : Errno.None;
    }

    private static Errno Mark(PageFrames frames, CpuLeaf leaf, ulong page, out FrameNumber frame)
    {
        frame = leaf.Read(page).Frame;
        frames.SetFlags(frame, FrameFlags.Duplicated);
        frames.Get(frame);
        return Errno.None;
    }
}
