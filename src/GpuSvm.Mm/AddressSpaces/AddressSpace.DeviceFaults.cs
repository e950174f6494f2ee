namespace GpuSvm.Mm;

/// <content>Faults on pages that are not at home, and on those that a device has for itself.</content>
public sealed partial class AddressSpace
{
    /// <summary>Serves a fault on an entry that is neither none nor present.</summary>
    /// <returns>None when the CPU may look again; EIO when the bytes of the page are lost; else the error of the page's device.</returns>
    /// <remarks>Source: Linux mm/memory.c, do_swap_page.</remarks>
    private Errno HandleFaultOnAwayPage(Vma vma, CpuLeaf leaf, ulong page, CpuPte pte, ref DeviceWait wait)
    {
        Errno error =
            pte.IsMigration ? AwaitMigration(leaf, page) :
            pte.IsDevicePrivate ? BringHome(vma, leaf, page, ref wait) :
            pte.IsDeviceExclusive ? EndExclusive(leaf, page) :
            pte.IsPoisoned ? Errno.EIO : Errno.None;

        // Who brought it home may not have been able to tell the CPU, and a live process's access waits until it is told.
        bool waits = (_cpu.Capabilities & CpuCapabilities.FreeFrames) == 0;
        return error == Errno.None && waits ? TellCpuAgain(leaf, page) : error;
    }

    /// <summary>Has the device where a page lives bring it home.</summary>
    /// <returns>EAGAIN when it stays there for now.</returns>
    private Errno BringHome(Vma vma, CpuLeaf leaf, ulong page, ref DeviceWait wait)
    {
        Errno error = TryLockPage(leaf, page, static pte => pte.IsDevicePrivate, out FrameNumber frame);
        if (error != Errno.None || frame == _frames.ZeroFrame)
        {
            return error;
        }

        try
        {
            IDevicePagemapOwner device = _frames.PagemapOf(frame)!.Operations;
            bool mayWait = wait.IsAllowed && !Breaks.TimesliceForgotten;
            error = device.MigrateToRam(new DeviceFault(this, vma, page, frame) { MayWait = mayWait });
            if (error == Errno.EAGAIN && mayWait)
            {
                wait.IsAsked = true;
                wait.Until = device.StaysUntil(frame);
            }
        }
        finally
        {
            _frames.Unlock(frame);
            _frames.Put(frame);
        }

        CpuPte pte = leaf.Read(page);
        if (!wait.IsAsked && pte.IsDevicePrivate && pte.Frame == frame)
        {
            // Somebody has a reference, for a moment if it is one who empties the device's memory: the CPU looks again after it.
            default(Spin).Once();
        }

        return error;
    }

    /// <summary>Gives the CPU a page back that a device has for itself.</summary>
    /// <remarks>Mirrors are told, that of the device above all. Source: Linux remove_device_exclusive_entry.</remarks>
    private Errno EndExclusive(CpuLeaf leaf, ulong page)
    {
        Errno error = TryLockPage(leaf, page, static pte => pte.IsDeviceExclusive, out FrameNumber frame);
        if (error != Errno.None || frame == _frames.ZeroFrame)
        {
            return error;
        }

        if ((_frames.FlagsOf(frame) & FrameFlags.DeviceExclusive) != 0)
        {
            SharedExclusive.End(_frames, frame);
        }
        else
        {
            using (Open(AddressRange.PageAt(page), InvalidationCause.Clear))
            using (leaf.Lock.Enter())
            {
                RestoreExclusive(leaf, page, frame);
            }
        }

        _frames.Unlock(frame);
        _frames.Put(frame);
        return Errno.None;
    }

    /// <summary>Gives the CPU a page back that a device has for itself, for who changes entries inside an invalidation of the page.</summary>
    /// <param name="leaf">The page's table, whose lock is held.</param>
    /// <param name="page">The page; its entry may be of any kind.</param>
    /// <returns>EBUSY when somebody holds the page's lock: the device is about to use it. Then nothing has changed.</returns>
    /// <remarks>For fork, which must not give a page to two. Source: Linux try_restore_exclusive_pte.</remarks>
    internal Errno TryEndExclusive(CpuLeaf leaf, ulong page)
    {
        CpuPte pte = leaf.Read(page);
        if (!pte.IsDeviceExclusive)
        {
            return Errno.None;
        }

        if (!_frames.TryLock(pte.Frame))
        {
            return Errno.EBUSY;
        }

        RestoreExclusive(leaf, page, pte.Frame);
        _frames.Unlock(pte.Frame);
        return Errno.None;
    }

    /// <summary>Puts the present entry of a frame back that a device had for itself. Page-table lock held, and the page's mirrors know.</summary>
    internal void RestoreExclusive(CpuLeaf leaf, ulong page, FrameNumber frame)
    {
        CpuPte pte = leaf.Read(page);
        if (pte.IsDeviceExclusive && pte.Frame == frame)
        {
            leaf.Replace(page, pte.FromMigration(frame));

            // A CPU that cannot be told now faults on its next access, and is told then.
            _ = TellCpu(leaf, page);
        }
    }

    /// <summary>Takes the page lock of a page whose entry is of some kind, with a reference.</summary>
    /// <param name="leaf">The page's table.</param>
    /// <param name="page">The page.</param>
    /// <param name="isWanted">Says the kind.</param>
    /// <param name="frame">The frame; the zero page when the lock was waited for or the entry is of another kind: look again.</param>
    /// <returns>EBUSY when somebody else held the lock until the deadline.</returns>
    /// <remarks>
    /// Who holds the lock may be moving the page: so it is waited for without a reference, which would look like a pin, and never taken
    /// over from another. Source: Linux 7.0 migration_entry_wait_on_locked, as do_swap_page uses it.
    /// </remarks>
    private Errno TryLockPage(CpuLeaf leaf, ulong page, Func<CpuPte, bool> isWanted, out FrameNumber frame)
    {
        FrameNumber wanted;
        using (leaf.Lock.Enter())
        {
            CpuPte pte = leaf.Read(page);
            wanted = isWanted(pte) ? pte.Frame : _frames.ZeroFrame;
            frame = wanted;
            if (wanted == _frames.ZeroFrame)
            {
                return Errno.None;
            }

            if (_frames.TryLock(wanted))
            {
                _frames.Get(wanted);
                return Errno.None;
            }
        }

        frame = _frames.ZeroFrame;
        Deadline deadline = Clock.After(Deadline.Default);
        _frames.AwaitUnlock(wanted, deadline);
        return deadline.HasPassed ? Errno.EBUSY : Errno.None;
    }
}
