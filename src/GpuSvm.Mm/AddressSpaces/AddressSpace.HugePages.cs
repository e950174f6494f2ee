namespace GpuSvm.Mm;

/// <content>Huge pages: how they come by faults, and how they are split.</content>
/// <remarks>
/// A huge page lies in one mapping and has one entry, in one address space. What changes a part of it splits it first, its frames and its
/// entry at once; mirrors hear nothing of that, since no page gets other bytes or rights by it.
/// Departure: Linux splits the entry first and the frames when it can. Source: Linux mm/huge_memory.c.
/// </remarks>
public sealed partial class AddressSpace
{
    /// <summary>Splits the huge page, if there is one, that holds a page.</summary>
    /// <remarks>Locking: the mmap lock is held exclusively. A page that is being moved is split too; who moves it finds it so.</remarks>
    internal void SplitHuge(ulong page)
    {
        MmapLock.AssertHeldExclusively();
        if (_table.Find(page) is { IsHuge: true } leaf)
        {
            using (leaf.Lock.Enter())
            {
                SplitLocked(leaf, page);
            }
        }
    }

    /// <summary>Splits the huge page, if there is one, that a leaf holds, for a caller with the mmap lock shared.</summary>
    /// <param name="leaf">The leaf.</param>
    /// <param name="page">Any page of it.</param>
    /// <param name="held">A frame whose page the caller has locked, and has locked afterwards: that frame alone.</param>
    /// <returns>False when it is locked by others, or being moved: then it stays as it is.</returns>
    internal bool TrySplitHuge(CpuLeaf leaf, ulong page, FrameNumber? held = null)
    {
        CpuPte pte = leaf.Read(HugePage.AlignDown(page));
        if (!pte.IsHuge)
        {
            return true;
        }

        bool isZero = pte.Frame == _frames.ZeroFrame;
        bool isHeld = held is { } frame && _frames.PageOf(frame) == pte.Frame;
        if (!isZero && !isHeld && !_frames.TryLockHuge(pte.Frame))
        {
            return false;
        }

        using (leaf.Lock.Enter())
        {
            bool isThere = leaf.IsHuge && leaf.Read(HugePage.AlignDown(page)).Frame == pte.Frame;
            if (isThere)
            {
                SplitLocked(leaf, page, isHeld ? held : null);
            }
        }

        if (!isZero && !isHeld)
        {
            _frames.UnlockMigrated(pte.Frame);
        }

        return !leaf.IsHuge;
    }

    /// <summary>Splits the huge pages that a range covers in part. The mmap lock is held exclusively.</summary>
    private void SplitHugeAtEnds(AddressRange range)
    {
        foreach (ulong end in (ReadOnlySpan<ulong>)[range.Start, range.End])
        {
            if (!HugePage.IsAligned(end))
            {
                SplitHuge(end);
            }
        }
    }

    /// <summary>Splits the huge pages of a range that cannot be huge where its entries move to. The mmap lock is held exclusively.</summary>
    private void SplitHugeForMove(AddressRange range, VirtualAddress target)
    {
        SplitHugeAtEnds(range);
        ulong address = range.Start;
        while (!HugePage.IsAligned(unchecked(target.Value - range.Start.Value)) && _table.FindNext(ref address, range.End) is not null)
        {
            SplitHuge(address);
            address = CpuPageTable.LeafEnd(address);
        }
    }

    /// <summary>Splits a huge page, frames and entry. Page-table lock held; else as <see cref="PageFrames.SplitHuge"/>.</summary>
    /// <param name="leaf">The leaf.</param>
    /// <param name="page">Any page of it.</param>
    /// <param name="held">Whose lock is to be held afterwards, if the page is locked and not being moved; null for the first page's.</param>
    internal void SplitLocked(CpuLeaf leaf, ulong page, FrameNumber? held = null)
    {
        CpuPte pte = leaf.Read(HugePage.AlignDown(page));
        if (pte.Frame != _frames.ZeroFrame)
        {
            _frames.SplitHuge(pte.Frame, pte.IsMigration ? null : held ?? pte.Frame);
        }

        leaf.Split();
    }

    /// <summary>Enters a huge page where nothing is yet, if the mapping wants one and there is a block to be had.</summary>
    /// <returns>False when the page must come by itself.</returns>
    /// <remarks>Source: Linux do_huge_pmd_anonymous_page.</remarks>
    private bool TryEnterHugePage(Vma vma, CpuLeaf leaf, ulong page, CpuAccess access, out Errno error)
    {
        error = Errno.None;
        if (!WantsHugePage(vma, page) || !leaf.IsEmpty)
        {
            return false;
        }

        bool isZero = access == CpuAccess.Read && (_cpu.Capabilities & CpuCapabilities.SharedZeroPage) != 0;
        FrameNumber head = _frames.ZeroFrame;
        if (!isZero && _frames.TryAllocateHuge(out head) != Errno.None)
        {
            return false;
        }

        bool isFirst;
        using (leaf.Lock.Enter())
        {
            isFirst = leaf.IsEmpty && !IsReaped(vma);
            if (isFirst && isZero)
            {
                leaf.Enter(HugePage.AlignDown(page), CpuPte.Map(head, vma.EntryRights & Protection.Read).Touched(access).Repeated());
            }
            else if (isFirst)
            {
                EnterHugePage(vma, leaf, page, head, access);
            }

            error = TellCpu(leaf, page);
        }

        if (!isFirst)
        {
            _frames.Put(head);
        }

        return isFirst;
    }

    private bool WantsHugePage(Vma vma, ulong page) =>
        CanHaveHugePage(vma, page) && (vma.Flags & VmaFlags.NoHugePage) == 0 && _options.HugePages switch
        {
            HugePagePolicy.Always => true,
            HugePagePolicy.Advised => (vma.Flags & VmaFlags.HugePage) != 0,
            _ => false,
        };

    private bool CanHaveHugePage(Vma vma, ulong page) =>
        vma.IsAnonymous && (_cpu.Capabilities & CpuCapabilities.FreeFrames) != 0 && vma.Range.Contains(HugePage.BlockAt(page));

    /// <summary>Gives write access to a huge page, which the zero page is replaced by.</summary>
    /// <remarks>Nobody shares a huge page, so it is never copied. Source: Linux do_huge_pmd_wp_page.</remarks>
    private Errno GiveWriteAccessToHugePage(Vma vma, CpuLeaf leaf, ulong page)
    {
        using (leaf.Lock.Enter())
        {
            CpuPte pte = leaf.Read(page);
            if (!pte.IsHuge || pte.Frame != _frames.ZeroFrame)
            {
                if (pte.IsHuge && pte.IsPresent)
                {
                    leaf.SetRights(HugePage.AlignDown(page), vma.EntryRights);
                }

                return TellCpu(leaf, page);
            }
        }

        return _frames.TryAllocateHuge(out FrameNumber head) == Errno.None
            ? BreakHugeZeroPage(vma, leaf, page, head)
            : TrySplitHuge(leaf, page) ? GiveWriteAccess(vma, leaf, page) : Errno.None;
    }

    private Errno BreakHugeZeroPage(Vma vma, CpuLeaf leaf, ulong page, FrameNumber head)
    {
        Errno error;
        bool isFirst;
        AddressRange block = HugePage.BlockAt(page);
        using (Open(block, InvalidationCause.Clear))
        {
            using (leaf.Lock.Enter())
            {
                isFirst = leaf.IsHuge && leaf.Read(page).Frame == _frames.ZeroFrame;
                if (isFirst)
                {
                    leaf.Clear(block.Start);
                    _cpu.Detach(block, _frames.ZeroFrame);
                    EnterHugePage(vma, leaf, page, head, CpuAccess.Write);
                }

                error = TellCpu(leaf, page);
            }
        }

        if (!isFirst)
        {
            _frames.Put(head);
        }

        return error;
    }

    /// <summary>Enters a huge page in the table; the caller tells the CPU. Page-table lock held, and all entries are none.</summary>
    internal void EnterHugePage(Vma vma, CpuLeaf leaf, ulong page, FrameNumber head, CpuAccess access)
    {
        ulong start = HugePage.AlignDown(page);
        _frames.SetFlags(head, FrameFlags.AnonExclusive);
        _frames.AddMap(head, MappingOf(start));
        leaf.Enter(start, CpuPte.Map(head, vma.EntryRights).Touched(access).AsHuge());
    }
}
