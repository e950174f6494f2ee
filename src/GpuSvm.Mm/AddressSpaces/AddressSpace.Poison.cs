namespace GpuSvm.Mm;

/// <content>Pages whose bytes are lost, as after a failure of the memory.</content>
public sealed partial class AddressSpace
{
    /// <summary>Has pages of a range lost: nobody reaches them any more, and their frames are never handed out again.</summary>
    /// <remarks>Source: Linux mm/madvise.c, madvise_inject_error; mm/memory-failure.c.</remarks>
    private Errno Poison(VirtualAddress address, ulong lengthBytes)
    {
        Errno error = TryRange(address, lengthBytes, out AddressRange range);
        if (error != Errno.None || range.IsEmpty)
        {
            return error;
        }

        using (MmapLock.EnterShared())
        {
            bool isFree = (_cpu.Capabilities & CpuCapabilities.FreeFrames) != 0;
            error =
                !_vmas.Covers(range) || _vmas.Any(range, static vma => !vma.Allows(CpuAccess.Read)) ? Errno.EFAULT :
                CheckMapped(range, vma => isFree && vma.IsAnonymous);
            var mover = new PageMover(_frames);
            for (ulong page = range.Start; page < range.End.Value && error == Errno.None; page += Page.Size)
            {
                error = PoisonPage(mover, _vmas.At(page)!, page);
            }

            return error;
        }
    }

    /// <summary>Takes a page from all address spaces and devices that have it, and leaves the mark of its loss.</summary>
    /// <returns>EBUSY: it is the zero page, locked, or somebody relies on its frame. Else what a read of it says.</returns>
    private Errno PoisonPage(PageMover mover, Vma vma, ulong page)
    {
        Errno error = PopulatePage(vma, page, CpuAccess.Read);
        if (error != Errno.None)
        {
            return error;
        }

        CpuLeaf leaf = _table.GetOrAdd(page);
        if (!TrySplitHuge(leaf, page) || !TryHold(leaf, page, out FrameNumber frame))
        {
            return Errno.EBUSY;
        }

        bool isTaken = mover.TryUnmap(frame, otherReferences: 0);
        if (isTaken)
        {
            if (!Breaks.PoisonedPageStillRead)
            {
                mover.Detach(frame, except: null);
            }

            _frames.SetFlags(frame, FrameFlags.Poisoned);
        }

        mover.Restore(frame, isTaken ? null : frame);
        _frames.Unlock(frame);
        _frames.Put(frame);
        return isTaken ? Errno.None : Errno.EBUSY;
    }

    /// <summary>Locks the frame of a page that is present, with a reference; not the zero page.</summary>
    private bool TryHold(CpuLeaf leaf, ulong page, out FrameNumber frame)
    {
        using (leaf.Lock.Enter())
        {
            CpuPte pte = leaf.Read(page);
            frame = pte.Frame;
            bool isHeld = pte.IsPresent && frame != _frames.ZeroFrame && _frames.TryLock(frame);
            if (isHeld)
            {
                _frames.Get(frame);
            }

            return isHeld;
        }
    }
}
