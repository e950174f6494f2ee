namespace GpuSvm.Mm;

/// <content>Faults: pages come when they are touched.</content>
public sealed partial class AddressSpace
{
    /// <inheritdoc/>
    public Errno HandleFault(VirtualAddress address, CpuAccess access)
    {
        using (MmapLock.EnterShared())
        {
            return _vmas.At(address) is { } vma && vma.Allows(access) ? HandleFaultLocked(vma, address, access) : Errno.EFAULT;
        }
    }

    /// <summary>Has the page of an address entered so that an access can go on, unless another thread changes it again.</summary>
    /// <param name="vma">The mapping of the address, which allows the access.</param>
    /// <param name="address">Any byte of the page.</param>
    /// <param name="access">What was tried.</param>
    /// <returns>ENOMEM when no frame is left.</returns>
    /// <remarks>
    /// Locking: the mmap lock is held, shared or exclusive; no lock from the page locks on. May open an invalidation.
    /// Source: Linux handle_mm_fault, do_anonymous_page, do_wp_page.
    /// </remarks>
    internal Errno HandleFaultLocked(Vma vma, VirtualAddress address, CpuAccess access)
    {
        MmapLock.AssertHeld();
        ulong page = Page.AlignDown(address);
        CpuLeaf leaf = _table.GetOrAdd(page);
        CpuPte pte = leaf.Read(page);
        if (pte.IsNone)
        {
            return access == CpuAccess.Read && (_cpu.Capabilities & CpuCapabilities.SharedZeroPage) != 0
                ? EnterZeroPage(vma, leaf, page)
                : UnlessServed(EnterNewPage(vma, leaf, page, access), leaf, page, access);
        }

        if (access == CpuAccess.Write && !pte.IsWritable)
        {
            return pte.Frame == _frames.ZeroFrame
                ? UnlessServed(BreakZeroPage(vma, leaf, page), leaf, page, access)
                : ReusePage(vma, leaf, page);
        }

        // Somebody else has served the fault.
        using (leaf.Lock.Enter())
        {
            _cpu.Wake(AddressRange.PageAt(page));
        }

        return Errno.None;
    }

    /// <summary>Forgets an error when another thread has served the same fault meanwhile: it may have got the last frame.</summary>
    private static Errno UnlessServed(Errno error, CpuLeaf leaf, ulong page, CpuAccess access) =>
        error != Errno.None && leaf.Read(page).Allows(access) ? Errno.None : error;

    private Errno EnterZeroPage(Vma vma, CpuLeaf leaf, ulong page)
    {
        Protection rights = vma.EntryRights & Protection.Read;
        using (leaf.Lock.Enter())
        {
            if (leaf.Read(page).IsNone)
            {
                leaf.Enter(page, CpuPte.Map(_frames.ZeroFrame, rights).Touched(CpuAccess.Read));
                _cpu.Map(AddressRange.PageAt(page), _frames.ZeroFrame, rights);
            }
        }

        return Errno.None;
    }

    private Errno EnterNewPage(Vma vma, CpuLeaf leaf, ulong page, CpuAccess access)
    {
        Errno error = _frames.TryAllocate(out FrameNumber frame);
        if (error != Errno.None)
        {
            return error;
        }

        using (leaf.Lock.Enter())
        {
            if (leaf.Read(page).IsNone)
            {
                Enter(vma, leaf, page, frame, access);
                return Errno.None;
            }
        }

        _frames.Put(frame);
        return Errno.None;
    }

    /// <summary>Gives a page that shares the zero page a frame of its own, for a write.</summary>
    /// <remarks>Mirrors of the zero page go out of date here, hence the invalidation. Source: Linux wp_page_copy.</remarks>
    private Errno BreakZeroPage(Vma vma, CpuLeaf leaf, ulong page)
    {
        Errno error = _frames.TryAllocate(out FrameNumber frame);
        if (error != Errno.None)
        {
            return error;
        }

        AddressRange range = AddressRange.PageAt(page);
        using (Open(range, InvalidationCause.Clear))
        {
            using (leaf.Lock.Enter())
            {
                CpuPte pte = leaf.Read(page);
                if (pte.IsPresent && pte.Frame == _frames.ZeroFrame)
                {
                    leaf.Clear(page);
                    _cpu.Detach(range);
                    Enter(vma, leaf, page, frame, CpuAccess.Write);
                    return Errno.None;
                }
            }
        }

        _frames.Put(frame);
        return Errno.None;
    }

    /// <summary>Gives write access to a page that nobody else maps: it was read-only for a while.</summary>
    /// <remarks>No entry of a mirror goes out of date when rights are only added. Source: Linux wp_page_reuse.</remarks>
    private Errno ReusePage(Vma vma, CpuLeaf leaf, ulong page)
    {
        using (leaf.Lock.Enter())
        {
            CpuPte pte = leaf.Read(page);
            if (pte.IsPresent && pte.Frame != _frames.ZeroFrame)
            {
                leaf.SetRights(page, vma.EntryRights);
                _cpu.Map(AddressRange.PageAt(page), pte.Frame, vma.EntryRights);
            }
        }

        return Errno.None;
    }

    private void Enter(Vma vma, CpuLeaf leaf, ulong page, FrameNumber frame, CpuAccess access)
    {
        _frames.AddMap(frame);
        leaf.Enter(page, CpuPte.Map(frame, vma.EntryRights).Touched(access));
        _cpu.Map(AddressRange.PageAt(page), frame, vma.EntryRights);
    }

    private InvalidationScope Open(AddressRange range, InvalidationCause cause)
    {
        Errno error = Notifiers.Begin(new Invalidation(range, cause), out InvalidationScope scope);
        Checks.That(error == Errno.None, "An invalidation that may wait is never refused.");
        return scope;
    }
}
