namespace GpuSvm.Mm;

/// <content>Faults: pages come when they are touched. What is done for each kind of page stands in the files beside.</content>
public sealed partial class AddressSpace
{
    /// <inheritdoc/>
    public Errno HandleFault(VirtualAddress address, CpuAccess access)
    {
        Deadline patience = default;
        for (bool isFirst = true; ; isFirst = false)
        {
            var wait = new DeviceWait { IsAllowed = isFirst || !patience.HasPassed };
            using (MmapLock.EnterShared())
            {
                Errno error = HandleFaultLocked(address, access, ref wait);
                if (!wait.IsAsked)
                {
                    return error;
                }
            }

            patience = isFirst ? Clock.After(Deadline.Default) : patience;
            new WakeEvent().Wait(wait.Until.Or(patience));
        }
    }

    /// <summary>Serves a fault as <see cref="HandleFault"/> does, unless that must wait for a change of the mappings.</summary>
    /// <param name="address">The byte that was touched.</param>
    /// <param name="access">What was tried.</param>
    /// <param name="result">What <see cref="HandleFault"/> would say.</param>
    /// <returns>False when the mmap lock is not to be had at once; then nothing is done.</returns>
    /// <remarks>EAGAIN, too, where the page is not to leave its device yet.</remarks>
    public bool TryHandleFault(VirtualAddress address, CpuAccess access, out Errno result)
    {
        result = Errno.EAGAIN;
        if (!MmapLock.TryEnterShared(out RankedSharedLock.SharedScope scope))
        {
            return false;
        }

        using (scope)
        {
            var wait = new DeviceWait { IsAllowed = true };
            result = HandleFaultLocked(address, access, ref wait);
            return true;
        }
    }

    /// <summary>Serves a fault as <see cref="HandleFault"/> does, for a caller who does not wait until a page may leave its device.</summary>
    /// <param name="address">The byte that was touched.</param>
    /// <param name="access">What was tried.</param>
    /// <param name="until">When to ask again after EAGAIN: passed already, unless the page is to stay where it is until then.</param>
    /// <returns>What <see cref="HandleFault"/> would say; EAGAIN, too, where the page is not to leave its device yet.</returns>
    public Errno HandleFaultOrDefer(VirtualAddress address, CpuAccess access, out Deadline until)
    {
        var wait = new DeviceWait { IsAllowed = true };
        using (MmapLock.EnterShared())
        {
            Errno error = HandleFaultLocked(address, access, ref wait);
            until = wait.Until;
            return error;
        }
    }

    /// <summary>Serves a fault as <see cref="HandleFault"/> does, for a caller that holds the mmap lock, shared or exclusively.</summary>
    /// <param name="address">The byte that was touched.</param>
    /// <param name="access">What was tried.</param>
    /// <returns>What <see cref="HandleFault"/> says.</returns>
    public Errno HandleFaultLocked(VirtualAddress address, CpuAccess access)
    {
        DeviceWait none = default;
        return HandleFaultLocked(address, access, ref none);
    }

    private Errno HandleFaultLocked(VirtualAddress address, CpuAccess access, ref DeviceWait wait) =>
        _vmas.At(address) is { } vma && vma.Allows(access) ? HandleFaultLocked(vma, address, access, ref wait) : Errno.EFAULT;

    /// <summary>Has the page of an address entered so that an access can go on, unless another thread changes it again.</summary>
    /// <param name="vma">The mapping of the address, which allows the access.</param>
    /// <param name="address">Any byte of the page.</param>
    /// <param name="access">What was tried.</param>
    /// <returns>
    /// ENOMEM when no frame is left; EFAULT behind the end of a file; EIO when it could not be read; EBUSY when the page was being moved
    /// until the deadline; EAGAIN when the page is entered but the CPU could not be told: its access must be asked for again.
    /// </returns>
    /// <remarks>
    /// Locking: the mmap lock is held, shared or exclusive; no lock from the page locks on. May open an invalidation.
    /// Source: Linux handle_mm_fault, do_anonymous_page, do_shared_fault, do_wp_page.
    /// </remarks>
    internal Errno HandleFaultLocked(Vma vma, VirtualAddress address, CpuAccess access)
    {
        DeviceWait none = default;
        return HandleFaultLocked(vma, address, access, ref none);
    }

    private Errno HandleFaultLocked(Vma vma, VirtualAddress address, CpuAccess access, ref DeviceWait wait)
    {
        MmapLock.AssertHeld();
        ulong page = Page.AlignDown(address);
        CpuLeaf leaf = _table.GetOrAdd(page);
        CpuPte pte = leaf.Read(page);
        return
            pte.IsNone ? EnterMissing(vma, leaf, page, access) :
            !pte.HasFrame ? HandleFaultOnAwayPage(vma, leaf, page, pte, ref wait) :
            access == CpuAccess.Write && !pte.IsWritable ? GiveWriteAccess(vma, leaf, page, pte) :
            TellCpuAgain(leaf, page);
    }

    /// <summary>Waits until a page is not being moved any more; whoever wants it looks again.</summary>
    /// <returns>EBUSY when it still is at the deadline.</returns>
    /// <remarks>Who moves it needs no mmap lock to end that. Source: Linux migration_entry_wait.</remarks>
    private Errno AwaitMigration(CpuLeaf leaf, ulong page)
    {
        Deadline deadline = Clock.After(Deadline.Default);
        for (CpuPte pte = leaf.Read(page); pte.IsMigration; pte = leaf.Read(page))
        {
            if (deadline.HasPassed)
            {
                return Errno.EBUSY;
            }

            _frames.AwaitUnlock(pte.Frame, deadline);
        }

        return Errno.None;
    }

    /// <summary>Forgets that no frame was left when another thread has served the same fault meanwhile: it may have got the last one.</summary>
    private Errno UnlessServed(Errno error, CpuLeaf leaf, ulong page, CpuAccess access) =>
        error == Errno.ENOMEM && leaf.Read(page).Allows(access) ? TellCpuAgain(leaf, page) : error;

    /// <summary>Enters a page in the table; the caller tells the CPU. Page-table lock held.</summary>
    private void Enter(CpuLeaf leaf, ulong page, CpuPte pte)
    {
        _frames.AddMap(pte.Frame, MappingOf(page));
        leaf.Enter(page, pte);
    }

    /// <summary>Somebody else has served a fault, or the CPU has lost what it was told.</summary>
    private Errno TellCpuAgain(CpuLeaf leaf, ulong page)
    {
        using (leaf.Lock.Enter())
        {
            return TellCpu(leaf, page);
        }
    }

    /// <summary>Has the CPU do what the entry of a page says, and lets accesses go on that wait for it. Page-table lock held.</summary>
    /// <remarks>Also where nothing was changed: a live CPU may have fewer entries than the table.</remarks>
    /// <returns>EAGAIN when the CPU could not be told.</returns>
    internal Errno TellCpu(CpuLeaf leaf, ulong page)
    {
        AddressRange range = AddressRange.PageAt(page);
        CpuPte pte = leaf.Read(page);
        if (pte.IsPresent)
        {
            return _cpu.Map(range, pte.Frame, pte.Rights) ? Errno.None : Errno.EAGAIN;
        }

        _cpu.Wake(range);
        return Errno.None;
    }

    /// <summary>That who has touched a page of a device may wait until it is done with it, and whether the device asks for that.</summary>
    private struct DeviceWait
    {
        public bool IsAllowed;
        public bool IsAsked;
        public Deadline Until;
    }

    /// <summary>Opens an invalidation that may wait.</summary>
    internal InvalidationScope Open(AddressRange range, InvalidationCause cause, object? owner = null)
    {
        Errno error = Notifiers.Begin(new Invalidation(range, cause, owner), out InvalidationScope scope);
        Checks.That(error == Errno.None, "An invalidation that may wait is never refused.");
        return scope;
    }
}
