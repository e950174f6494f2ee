namespace GpuSvm.Mm;

/// <content>Faults on pages that are not there yet.</content>
public sealed partial class AddressSpace
{
    private Errno EnterMissing(Vma vma, CpuLeaf leaf, ulong page, CpuAccess access) =>
        IsReaped(vma) ? Errno.EFAULT :
        UnlessServed(
            vma.Backing is { } backing ? EnterMissing(vma, backing, leaf, page, access) : EnterAnonymous(vma, leaf, page, access),
            leaf,
            page,
            access);

    private Errno EnterAnonymous(Vma vma, CpuLeaf leaf, ulong page, CpuAccess access) =>
        TryEnterHugePage(vma, leaf, page, access, out Errno error) ? error :
        access == CpuAccess.Read && (_cpu.Capabilities & CpuCapabilities.SharedZeroPage) != 0 ? EnterZeroPage(vma, leaf, page) :
        EnterNewPage(vma, leaf, page, access);

    private Errno EnterMissing(Vma vma, VmaBacking backing, CpuLeaf leaf, ulong page, CpuAccess access)
    {
        if (backing.Memory is MemoryObject memory)
        {
            return EnterFixedPage(vma, memory, backing.IndexOf(page), leaf, page, access);
        }

        Errno error = backing.Memory.TryGet(backing.IndexOf(page), out FrameNumber frame);
        return
            error != Errno.None ? error :
            vma.IsSpecial ? EnterSpecialPage(vma, leaf, page, frame, access) :
            vma.IsShared || access == CpuAccess.Read ? EnterObjectPage(vma, backing, leaf, page, frame, access) :
            EnterCopy(vma, leaf, page, frame);
    }

    private Errno EnterZeroPage(Vma vma, CpuLeaf leaf, ulong page)
    {
        using (leaf.Lock.Enter())
        {
            if (IsReaped(vma))
            {
                return Errno.EFAULT;
            }

            if (leaf.Read(page).IsNone)
            {
                leaf.Enter(page, CpuPte.Map(_frames.ZeroFrame, vma.EntryRights & Protection.Read).Touched(CpuAccess.Read));
            }

            return TellCpu(leaf, page);
        }
    }

    private Errno EnterNewPage(Vma vma, CpuLeaf leaf, ulong page, CpuAccess access)
    {
        Errno error = _frames.TryAllocate(out FrameNumber frame);
        return error == Errno.None ? EnterOwnPage(vma, leaf, page, frame, access) : error;
    }

    /// <summary>Enters a copy of a page of an object, for a write to private memory. Takes the reference to the object's page.</summary>
    /// <remarks>Source: Linux do_cow_fault.</remarks>
    private Errno EnterCopy(Vma vma, CpuLeaf leaf, ulong page, FrameNumber source)
    {
        Errno error = _frames.TryAllocate(out FrameNumber frame);
        if (error == Errno.None)
        {
            _frames.Copy(source, frame);
            error = EnterOwnPage(vma, leaf, page, frame, CpuAccess.Write);
        }

        _frames.Put(source);
        return error;
    }

    /// <summary>Enters an anonymous page that nobody else has, unless there is one by now.</summary>
    private Errno EnterOwnPage(Vma vma, CpuLeaf leaf, ulong page, FrameNumber frame, CpuAccess access)
    {
        _frames.SetFlags(frame, FrameFlags.AnonExclusive);
        return EnterUnlessThere(vma, leaf, page, CpuPte.Map(frame, vma.EntryRights).Touched(access), FrameFlags.None);
    }

    /// <summary>Enters a page of an object. Takes the reference to it.</summary>
    /// <remarks>Source: Linux do_read_fault, do_shared_fault.</remarks>
    private Errno EnterObjectPage(Vma vma, VmaBacking backing, CpuLeaf leaf, ulong page, FrameNumber frame, CpuAccess access)
    {
        bool isWrite = access == CpuAccess.Write;
        bool mayWrite = vma.IsShared && (isWrite || !backing.Memory.HearsOfWrites);
        Protection rights = mayWrite ? vma.EntryRights : vma.EntryRights & Protection.Read;
        return EnterUnlessThere(
            vma, leaf, page, CpuPte.Map(frame, rights).Touched(access), isWrite ? FrameFlags.Dirty : FrameFlags.None);
    }

    /// <summary>Enters a page, unless there is one by now or there must be none. Takes the reference to its frame.</summary>
    private Errno EnterUnlessThere(Vma vma, CpuLeaf leaf, ulong page, CpuPte pte, FrameFlags marks)
    {
        bool isFirst;
        Errno error;
        using (leaf.Lock.Enter())
        {
            bool isReaped = IsReaped(vma) && !Breaks.ReapedPageComesBack;
            isFirst = leaf.Read(page).IsNone && !isReaped;
            if (isFirst)
            {
                // In this order: who cleans a page takes the mark first and then looks who maps it, so one of the two is left.
                Enter(leaf, page, pte);
                _frames.SetFlags(pte.Frame, marks);
            }

            error = isReaped ? Errno.EFAULT : TellCpu(leaf, page);
        }

        if (!isFirst)
        {
            _frames.Put(pte.Frame);
        }

        return error;
    }

    /// <summary>Enters a page whose frame nobody counts. Source: Linux insert_pfn.</summary>
    private Errno EnterSpecialPage(Vma vma, CpuLeaf leaf, ulong page, FrameNumber frame, CpuAccess access)
    {
        using (leaf.Lock.Enter())
        {
            if (leaf.Read(page).IsNone)
            {
                leaf.Enter(page, CpuPte.Map(frame, vma.EntryRights).Touched(access));
            }

            return TellCpu(leaf, page);
        }
    }
}
