namespace GpuSvm.Mm;

/// <content>Write faults on pages that are there and can be read.</content>
public sealed partial class AddressSpace
{
    /// <summary>Gives write access to a page, which is copied first if others rely on its bytes.</summary>
    /// <remarks>Source: Linux do_wp_page.</remarks>
    private Errno GiveWriteAccess(Vma vma, CpuLeaf leaf, ulong page, CpuPte pte) => pte.IsHuge
        ? UnlessServed(GiveWriteAccessToHugePage(vma, leaf, page), leaf, page, CpuAccess.Write)
        : GiveWriteAccess(vma, leaf, page);

    private Errno GiveWriteAccess(Vma vma, CpuLeaf leaf, ulong page)
    {
        bool mustCopy;
        using (leaf.Lock.Enter())
        {
            CpuPte pte = leaf.Read(page);
            mustCopy = MustCopy(vma, pte);
            if (!mustCopy && !IsDuplicated(pte))
            {
                return ReusePage(vma, leaf, page);
            }
        }

        return mustCopy ? UnlessServed(CopyPage(vma, leaf, page), leaf, page, CpuAccess.Write) : EndDuplicates(vma, leaf, page);
    }

    /// <summary>True if an entry can only be read because somebody else relies on the bytes of its frame. Page-table lock held.</summary>
    private bool MustCopy(Vma vma, CpuPte pte) =>
        pte.IsPresent && !pte.IsWritable && !vma.IsShared && !_frames.IsExclusive(pte.Frame);

    /// <summary>True if devices may read duplicates of the page of an entry, which go out of date with the first write.</summary>
    private bool IsDuplicated(CpuPte pte) =>
        pte.IsPresent && !pte.IsWritable && !Breaks.DuplicateKept && (_frames.FlagsOf(pte.Frame) & FrameFlags.Duplicated) != 0;

    /// <summary>Gives write access to a page when no device reads a duplicate of it any more.</summary>
    /// <remarks>See <see cref="ReadDuplicate"/>.</remarks>
    private Errno EndDuplicates(Vma vma, CpuLeaf leaf, ulong page)
    {
        using (Open(AddressRange.PageAt(page), InvalidationCause.Clear))
        using (leaf.Lock.Enter())
        {
            CpuPte pte = leaf.Read(page);
            if (!pte.IsPresent || MustCopy(vma, pte))
            {
                // Another thread has pinned the page meanwhile, or taken it: the access looks again.
                return TellCpu(leaf, page);
            }

            _frames.SetFlags(pte.Frame, FrameFlags.None, FrameFlags.Duplicated);
            return ReusePage(vma, leaf, page);
        }
    }

    /// <summary>Gives write access to a page that need not be copied. Page-table lock held.</summary>
    /// <remarks>No entry of a mirror goes out of date when rights are only added. Source: Linux wp_page_reuse, do_page_mkwrite.</remarks>
    private Errno ReusePage(Vma vma, CpuLeaf leaf, ulong page)
    {
        CpuPte pte = leaf.Read(page);
        if (pte.IsPresent && !pte.IsWritable)
        {
            leaf.SetRights(page, vma.EntryRights);
            if (!vma.IsSpecial)
            {
                _frames.SetFlags(pte.Frame, vma.IsShared ? FrameFlags.Dirty : FrameFlags.AnonExclusive);
            }
        }

        return TellCpu(leaf, page);
    }

    /// <summary>Gives a page a frame of its own, with the bytes of the one that it shares with others.</summary>
    /// <remarks>Mirrors of the shared page go out of date here, hence the invalidation. Source: Linux wp_page_copy.</remarks>
    private Errno CopyPage(Vma vma, CpuLeaf leaf, ulong page)
    {
        Errno error = _frames.TryAllocate(out FrameNumber unused);
        if (error != Errno.None)
        {
            return error;
        }

        using (Open(AddressRange.PageAt(page), InvalidationCause.Clear))
        {
            using (leaf.Lock.Enter())
            {
                CpuPte pte = leaf.Read(page);
                if (MustCopy(vma, pte))
                {
                    Replace(vma, leaf, page, pte.Frame, unused);
                    unused = pte.Frame;
                }

                error = TellCpu(leaf, page);
            }
        }

        _frames.Put(unused);
        return error;
    }

    /// <summary>Enters a copy of a page in its place. Page-table lock held.</summary>
    private void Replace(Vma vma, CpuLeaf leaf, ulong page, FrameNumber shared, FrameNumber own)
    {
        if (shared != _frames.ZeroFrame)
        {
            _frames.Copy(shared, own);
        }

        leaf.Clear(page);
        _cpu.Detach(AddressRange.PageAt(page), shared);
        _frames.RemoveMap(shared, MappingOf(page));
        _frames.SetFlags(own, FrameFlags.AnonExclusive);
        Enter(leaf, page, CpuPte.Map(own, vma.EntryRights).Touched(CpuAccess.Write));
    }
}
