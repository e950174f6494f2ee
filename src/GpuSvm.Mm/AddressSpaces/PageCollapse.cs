namespace GpuSvm.Mm;

/// <summary>Makes a huge page of the pages of a block.</summary>
/// <remarks>
/// The pages are locked, taken from the CPU and from mirrors inside an invalidation, and copied; none can be had meanwhile, since the mmap
/// lock is held exclusively. Until then nothing has changed, and from then on nothing fails.
/// Source: Linux mm/khugepaged.c, collapse_huge_page.
/// </remarks>
internal sealed class PageCollapse(AddressSpace mm)
{
    private readonly PageFrames _frames = mm.Frames;

    // The entries of the block; none where there is no frame of its own.
    private readonly CpuPte[] _pages = new CpuPte[HugePage.PageCount];

    /// <summary>Collapses a block whose pages are at home, in a mapping of anonymous memory. The mmap lock is held exclusively.</summary>
    /// <returns>
    /// ENOMEM: no block of frames. EAGAIN: a page is locked, pinned or away. EINVAL: a page lies in memory of a device.
    /// Then nothing has changed.
    /// </returns>
    public Errno Run(Vma vma, CpuLeaf leaf, ulong block)
    {
        Errno error = _frames.TryAllocateHuge(out FrameNumber head);
        if (error != Errno.None)
        {
            return error;
        }

        error = TryLock(leaf, block);
        if (error == Errno.None)
        {
            error = Replace(vma, leaf, block, head);
            Unlock();
        }

        if (error != Errno.None)
        {
            _frames.Put(head);
        }

        return error;
    }

    private Errno TryLock(CpuLeaf leaf, ulong block)
    {
        Errno error = Errno.None;
        Array.Clear(_pages);
        using (leaf.Lock.Enter())
        {
            for (int i = 0; i < _pages.Length && error == Errno.None; i++)
            {
                CpuPte pte = leaf.Read(block + ((ulong)i * Page.Size));
                if (pte.IsNone || (pte.HasFrame && pte.Frame == _frames.ZeroFrame))
                {
                    continue;
                }

                error =
                    !pte.HasFrame ? Errno.EAGAIN :
                    _frames.PagemapOf(pte.Frame) is not null ? Errno.EINVAL :
                    _frames.TryLockForMigration(pte.Frame) ? Errno.None : Errno.EAGAIN;
                _pages[i] = error == Errno.None ? pte : default;
            }
        }

        if (Checks.Enabled)
        {
            // All page locks count as one, taken by trylock.
            HeldLocks.AcquireTried(this, LockRank.Page);
        }

        if (error != Errno.None)
        {
            Unlock();
        }

        return error;
    }

    private void Unlock()
    {
        if (Checks.Enabled)
        {
            HeldLocks.Release(this);
        }

        foreach (CpuPte pte in _pages)
        {
            if (pte.HasFrame)
            {
                _frames.UnlockMigrated(pte.Frame);
            }
        }
    }

    private Errno Replace(Vma vma, CpuLeaf leaf, ulong block, FrameNumber head)
    {
        using (mm.Open(HugePage.BlockAt(block), InvalidationCause.Clear))
        {
            if (Breaks.CopyBeforeIsolate)
            {
                Copy(head);
            }

            if (!TryTake(leaf, block))
            {
                return Errno.EAGAIN;
            }

            if (!Breaks.CopyBeforeIsolate)
            {
                Copy(head);
            }

            using (leaf.Lock.Enter())
            {
                mm.EnterHugePage(vma, leaf, block, head, CpuAccess.Write);
                _ = mm.TellCpu(leaf, block);
            }

            Forget(block);
        }

        return Errno.None;
    }

    /// <summary>Takes all pages from the CPU, unless somebody has pinned one.</summary>
    private bool TryTake(CpuLeaf leaf, ulong block)
    {
        using (leaf.Lock.Enter())
        {
            foreach (CpuPte pte in _pages)
            {
                // Who pins a page does so under the lock of the table, by an entry.
                if (pte.HasFrame && _frames.ReferenceCount(pte.Frame) > _frames.MapCount(pte.Frame))
                {
                    return false;
                }
            }

            for (ulong page = block; page < block + HugePage.Size; page += Page.Size)
            {
                leaf.Clear(page);
            }

            mm.Cpu.Detach(HugePage.BlockAt(block), _frames.ZeroFrame);
            return true;
        }
    }

    private void Copy(FrameNumber head)
    {
        for (int i = 0; i < _pages.Length; i++)
        {
            if (_pages[i].HasFrame)
            {
                _frames.Copy(_pages[i].Frame, head + (ulong)i);
            }
        }
    }

    private void Forget(ulong block)
    {
        for (int i = 0; i < _pages.Length; i++)
        {
            FrameNumber frame = _pages[i].Frame;
            if (_pages[i].HasFrame)
            {
                _pages[i] = default;
                _frames.RemoveMap(frame, mm.MappingOf(block + ((ulong)i * Page.Size)));
                _frames.UnlockMigrated(frame);
                _frames.Put(frame);
            }
        }
    }
}
