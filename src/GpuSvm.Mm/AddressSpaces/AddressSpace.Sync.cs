namespace GpuSvm.Mm;

/// <content>Files that are mapped shared, and their bytes on disk.</content>
public sealed partial class AddressSpace
{
    /// <summary>Writes back what shared mappings of files in a range have changed, whoever changed it.</summary>
    /// <param name="address">Start: page-aligned.</param>
    /// <param name="lengthBytes">Rounded up to whole pages; 0 succeeds and does nothing.</param>
    /// <returns>
    /// EINVAL: unaligned. ENOMEM: a part of the range is not mapped; then nothing is written (msync(2) writes what is mapped). EIO, ENOSPC: what
    /// the first file says that did not take its bytes (<see cref="FileCache.Sync"/>); those of the others are written.
    /// </returns>
    /// <remarks>Source: Linux mm/msync.c with MS_SYNC.</remarks>
    public Errno Sync(VirtualAddress address, ulong lengthBytes)
    {
        Errno error = TryRange(address, lengthBytes, out AddressRange range);
        if (error != Errno.None || range.IsEmpty)
        {
            return error;
        }

        using (MmapLock.EnterShared())
        {
            if (!_vmas.Covers(range))
            {
                return Errno.ENOMEM;
            }

            foreach (Vma vma in _vmas.In(range).ToArray())
            {
                AddressRange part = vma.Range.Intersect(range);
                if (vma.IsShared && vma.Backing is { Memory: FileCache file } backing)
                {
                    Errno failed = file.Sync(backing.IndexOf(part.Start), part.PageCount, out _);
                    error = failed == Errno.None ? error : failed;
                }
            }

            return error;
        }
    }

    /// <summary>Takes write access and the dirty mark from the entry of a page, if it maps a frame.</summary>
    /// <returns>False when it does not.</returns>
    /// <remarks>
    /// The mmap lock is not needed. Opens an invalidation; no lock from the page-table locks on is held.
    /// Source: Linux mm/rmap.c, page_mkclean_one.
    /// </remarks>
    internal bool TryClean(ulong page, FrameNumber frame)
    {
        AddressRange range = AddressRange.PageAt(page);
        using (Breaks.FilePageCleanedInSecret ? default : Open(range, InvalidationCause.ProtectionPage))
        {
            if (_table.Find(page) is not { } leaf)
            {
                return false;
            }

            using (leaf.Lock.Enter())
            {
                CpuPte pte = leaf.Read(page);
                if (!pte.Maps || pte.Frame != frame)
                {
                    return false;
                }

                if (pte.IsWritable)
                {
                    leaf.SetRights(page, Protection.Read);
                    _cpu.WriteProtect(range);
                }

                leaf.Clean(page);
                return true;
            }
        }
    }
}
