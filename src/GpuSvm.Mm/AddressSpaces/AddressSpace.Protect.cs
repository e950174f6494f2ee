namespace GpuSvm.Mm;

/// <content>Change of protection.</content>
public sealed partial class AddressSpace
{
    /// <summary>Changes what the program may do with a range.</summary>
    /// <param name="address">Start: page-aligned.</param>
    /// <param name="lengthBytes">Rounded up to whole pages; 0 succeeds and does nothing, as mprotect(2) does.</param>
    /// <param name="protection">The new protection.</param>
    /// <returns>
    /// EINVAL: unaligned or unknown protection. ENOMEM: a part of the range is not mapped, or a split makes too many mappings.
    /// EACCES: writing, where a shared mapping is of a file that was opened for reading. Other than
    /// mprotect(2), which changes the pages before a hole, a call that fails changes nothing.
    /// </returns>
    public Errno Protect(VirtualAddress address, ulong lengthBytes, Protection protection)
    {
        if ((protection & ~Protection.ReadWrite) != 0)
        {
            return Errno.EINVAL;
        }

        Errno error = TryRange(address, lengthBytes, out AddressRange range);
        if (error != Errno.None || range.IsEmpty)
        {
            return error;
        }

        using (MmapLock.EnterExclusive())
        {
            if (!_vmas.Covers(range))
            {
                return Errno.ENOMEM;
            }

            if ((protection & Protection.Write) != 0 && _vmas.Any(range, static vma => !vma.MayWrite))
            {
                return Errno.EACCES;
            }

            VmaList.Plan plan = _vmas.PrepareChange(range, vma => vma with { Protection = protection });
            if (_vmas.CountAfter(plan) > _options.VmaLimit)
            {
                return Errno.ENOMEM;
            }

            if (_vmas.At(range.Start) is { } vma && vma.Protection == protection && vma.Range.Contains(range))
            {
                return Errno.None;
            }

            using (Open(range, InvalidationCause.ProtectionVma))
            {
                SplitHugeAtEnds(range);
                _vmas.Apply(plan);
                CpuFlush flush = SetRights(range, static vma => vma.Protection);
                if (protection == Protection.None && CanRevoke(range))
                {
                    flush.Revoke();
                }
                else
                {
                    flush.WriteProtect();
                }
            }

            return Errno.None;
        }
    }

    /// <summary>
    /// False where frames are fixed and another mapping shows pages of the range: the CPU cannot lose them here alone, and could store there
    /// meanwhile. That the program cannot use them here is the CPU's own doing, as it is where rights are added.
    /// </summary>
    private bool CanRevoke(AddressRange range) =>
        (_cpu.Capabilities & CpuCapabilities.FreeFrames) != 0 ||
        !_vmas.Any(range, static vma => vma.Backing is { Memory: MemoryObject { IsShared: true } });

    /// <summary>Takes write access from the pages of a range, whose mappings keep their protection: the next store to each faults once.</summary>
    /// <param name="address">Start: page-aligned.</param>
    /// <param name="lengthBytes">Rounded up to whole pages; 0 succeeds and does nothing.</param>
    /// <returns>EINVAL: unaligned. ENOMEM: a part of the range is not mapped; then nothing has changed.</returns>
    /// <remarks>So one hears of stores. Source: Linux fs/proc/task_mmu.c, clear_refs_write (soft-dirty).</remarks>
    public Errno WriteProtect(VirtualAddress address, ulong lengthBytes) =>
        ChangePages(address, lengthBytes, InvalidationCause.SoftDirty, TakeWriteAccess, static _ => true);

    private void TakeWriteAccess(AddressRange range) =>
        SetRights(range, static vma => vma.Protection == Protection.None ? Protection.None : Protection.Read).WriteProtect();

    /// <summary>Changes the pages of a range, whose mappings stay, inside an invalidation.</summary>
    /// <returns>EINVAL: unaligned, or of a mapping that cannot take it. ENOMEM: a part is not mapped. Then nothing has changed.</returns>
    private Errno ChangePages(
        VirtualAddress address, ulong lengthBytes, InvalidationCause cause, Action<AddressRange> change, Func<Vma, bool> canTake)
    {
        Errno error = TryRange(address, lengthBytes, out AddressRange range);
        if (error != Errno.None || range.IsEmpty)
        {
            return error;
        }

        using (MmapLock.EnterExclusive())
        {
            error = CheckMapped(range, canTake);
            if (error != Errno.None)
            {
                return error;
            }

            using (Open(range, cause))
            {
                SplitHugeAtEnds(range);
                change(range);
            }

            return Errno.None;
        }
    }

    /// <summary>The pages of a range that is to be changed; empty for no bytes.</summary>
    /// <returns>EINVAL: unaligned. ENOMEM: it reaches beyond the window.</returns>
    private Errno TryRange(VirtualAddress address, ulong lengthBytes, out AddressRange range)
    {
        range = default;
        if (!Page.IsAligned(address))
        {
            return Errno.EINVAL;
        }

        if (lengthBytes == 0)
        {
            return Errno.None;
        }

        if (address > _options.Window.End || lengthBytes > _options.Window.End.Value - address.Value)
        {
            return Errno.ENOMEM;
        }

        range = AddressRange.FromLength(address, Page.Count(lengthBytes) * Page.Size);
        return Errno.None;
    }

    /// <summary>Brings the entries of a range in line with what they may grant. Mmap lock held exclusively.</summary>
    /// <returns>The pages that lost rights, of which the CPU must be told.</returns>
    /// <remarks>Write access is taken here but never given: a write fault gives it, which knows whether the page is shared.</remarks>
    private CpuFlush SetRights(AddressRange range, Func<Vma, Protection> wanted)
    {
        var flush = new CpuFlush(_cpu);
        foreach (Vma vma in _vmas.In(range))
        {
            SetRights(vma.Range.Intersect(range), wanted(vma), ref flush);
            flush.EndRun();
        }

        return flush;
    }

    private void SetRights(AddressRange range, Protection wanted, ref CpuFlush flush)
    {
        ulong address = range.Start;
        while (_table.FindNext(ref address, range.End) is { } leaf)
        {
            ulong end = Math.Min(CpuPageTable.LeafEnd(address), range.End);
            using (leaf.Lock.Enter())
            {
                for (; address < end; address += Page.Size)
                {
                    // Of a huge page, which lies in the range as a whole, only the first page finds rights to change.
                    CpuPte pte = leaf.Read(address);
                    if (SetRights(leaf, address, pte, wanted))
                    {
                        flush.Add(address, pte);
                    }
                    else if (pte.NamesFrame && _frames.IsDevicePrivate(pte.Frame))
                    {
                        // Its own frame is a hole, which must not be looked at.
                        flush.EndRun();
                    }
                }
            }
        }
    }

    /// <summary>Brings the entry of a page in line with what it may grant. Page-table lock held.</summary>
    /// <returns>True if it has lost rights of which the CPU must be told.</returns>
    private bool SetRights(CpuLeaf leaf, ulong address, CpuPte pte, Protection wanted)
    {
        if (!pte.NamesFrame)
        {
            return false;
        }

        Protection rights = EntryRights(pte.KeptRights, wanted);
        if (pte.IsDeviceExclusive)
        {
            // The invalidation has taken the page from the device; but it may have it through another address space, too.
            leaf.SetRights(address, rights);
            if ((_frames.FlagsOf(pte.Frame) & FrameFlags.DeviceExclusive) == 0)
            {
                RestoreExclusive(leaf, address, pte.Frame);
            }

            return false;
        }

        if (rights == pte.KeptRights)
        {
            return false;
        }

        leaf.SetRights(address, rights);
        if (rights > pte.KeptRights && pte.HasFrame)
        {
            // A CPU that cannot be told now faults on its next access, and is told then.
            AddressRange range = AddressRange.FromLength(address, pte.IsHuge ? HugePage.Size : Page.Size);
            _ = _cpu.Map(range, pte.Frame, rights);
        }

        return rights < pte.KeptRights && !_frames.IsDevicePrivate(pte.Frame);
    }

    private static Protection EntryRights(Protection now, Protection wanted) =>
        wanted == Protection.None ? Protection.None :
        (wanted & Protection.Write) == 0 || now == Protection.None ? Protection.Read : now;
}
