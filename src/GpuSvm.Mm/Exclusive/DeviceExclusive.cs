namespace GpuSvm.Mm;

/// <summary>Gives a device a page of the system's memory for itself, so that it can do what is atomic only if nobody else looks.</summary>
/// <remarks>
/// <code>
/// the page is brought in for writing       a fault inside TryMake is an invalidation, which ReadRetry would tell of each time
/// ReadBegin of the page's notifier
/// TryMake                                  mmap lock held: the CPU's entry is gone, the page is locked
/// update lock, ReadRetry, map the page     for writing and atomics; if ReadRetry says so, unlock, put, and begin again
/// Unlock and Put of the frame
/// </code>
/// <para>
/// Any touch of the CPU, a change of protection, fork, or another device ends it, inside an invalidation; discard and unmap do so, too.
/// A page that another device has alone passes from one to the other, and one that the device has already stays its own: giving it back to
/// the CPU first, as Linux does, would take it from who asks, too, and have it ask for ever.
/// </para>
/// <para>
/// The lock gives the device time for one access: a touch of the CPU waits for it. Source: Linux mm/rmap.c, make_device_exclusive.
/// </para>
/// </remarks>
public static class DeviceExclusive
{
    private const int TryLimit = 64;

    /// <summary>Brings a page in for writing, takes it from the CPU, and locks it.</summary>
    /// <param name="mm">The address space.</param>
    /// <param name="address">Any byte of the page.</param>
    /// <param name="owner">Whose own mirror may skip the invalidation of cause <see cref="InvalidationCause.Exclusive"/>; null for nobody's.</param>
    /// <param name="frame">On success its frame: locked, and with a reference, both for the caller to give back.</param>
    /// <returns>
    /// EFAULT: nothing is mapped there, or it may not be written. EOPNOTSUPP: shared memory, but for a <see cref="MemoryObject"/>'s,
    /// which leaves all address spaces that share it. EBUSY: others held or changed the page all
    /// the time, until the deadline. ENOMEM, EIO: it could not be brought in.
    /// </returns>
    /// <remarks>
    /// Locking: the mmap lock is held, shared is enough; no lock from the page locks on. Waits for the page lock. Opens invalidations.
    /// </remarks>
    public static Errno TryMake(AddressSpace mm, VirtualAddress address, object? owner, out FrameNumber frame)
    {
        ArgumentNullException.ThrowIfNull(mm);
        mm.MmapLock.AssertHeld();
        frame = default;
        if (mm.VmaAt(address) is not { } vma || !vma.Allows(CpuAccess.Write))
        {
            return Errno.EFAULT;
        }

        if (vma.IsShared && vma.Backing is not { Memory: MemoryObject })
        {
            return Errno.EOPNOTSUPP;
        }

        ulong page = Page.AlignDown(address);
        Deadline deadline = mm.Clock.After(Deadline.Default);
        for (int i = 0; i < TryLimit && !deadline.HasPassed; i++)
        {
            Errno error = mm.TryLockForWriting(vma, page, deadline, out frame);
            if (error == Errno.None && TryTake(mm, page, vma.IsShared, owner, frame))
            {
                return Errno.None;
            }

            if (error is not (Errno.None or Errno.EAGAIN))
            {
                return error;
            }
        }

        return Errno.EBUSY;
    }

    /// <summary>Has the CPU of an address space forget a page that a device has for itself from now on.</summary>
    /// <remarks>
    /// Where frames are fixed it goes on loading, and no store completes: its entries go only with the bytes, to which the device may store
    /// all the while.
    /// </remarks>
    internal static void TakeFromCpu(AddressSpace mm, AddressRange range, FrameNumber frame)
    {
        if ((mm.Cpu.Capabilities & CpuCapabilities.FreeFrames) != 0)
        {
            mm.Cpu.Revoke(range, frame);
        }
        else
        {
            mm.Cpu.Isolate(range);
        }
    }

    /// <summary>Takes a locked page from the CPU, unless it has changed; then it is unlocked and put.</summary>
    private static bool TryTake(AddressSpace mm, ulong page, bool isShared, object? owner, FrameNumber frame)
    {
        AddressRange range = AddressRange.PageAt(page);
        CpuLeaf leaf = mm.PageTable.Find(page)!;
        if (isShared && !Breaks.ExclusiveNoop)
        {
            SharedExclusive.Take(mm.Frames, frame, mm.MappingOf(page));
        }

        using (mm.Open(range, InvalidationCause.Exclusive, owner))
        using (leaf.Lock.Enter())
        {
            CpuPte pte = leaf.Read(page);
            if ((pte.IsWritable || pte.IsDeviceExclusive) && pte.Frame == frame)
            {
                if (pte.IsWritable && !Breaks.ExclusiveNoop)
                {
                    mm.Frames.NoteMarks(leaf.BeginExclusive(page));
                    TakeFromCpu(mm, range, frame);
                }

                return true;
            }
        }

        mm.Frames.Unlock(frame);
        mm.Frames.Put(frame);
        return false;
    }
}
