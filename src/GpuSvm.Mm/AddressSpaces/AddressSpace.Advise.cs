namespace GpuSvm.Mm;

/// <content>What the program says of its memory.</content>
public sealed partial class AddressSpace
{
    /// <summary>Faults on one page that populating tries; a second one means that others took the page away.</summary>
    private const int PopulateLimit = 16;

    /// <summary>Takes advice on a range.</summary>
    /// <param name="address">Start: page-aligned.</param>
    /// <param name="lengthBytes">Rounded up to whole pages; 0 succeeds and does nothing.</param>
    /// <param name="advice">The advice.</param>
    /// <returns>
    /// EINVAL: unknown advice, unaligned, beyond 64 bits, or a mapping that cannot take it: of special frames (all but
    /// <see cref="Advice.DontFork"/>), not anonymous (<see cref="Advice.Free"/>), without that right (populate). ENOMEM: a part of the
    /// range is not mapped, or a split makes too many mappings. Populate also: what a fault says, but EHWPOISON for a page whose bytes are
    /// lost, and EFAULT for others that cannot be read. <see cref="Advice.Collapse"/>: EINVAL, also where nothing is there or a page is a
    /// device's; EAGAIN: a page is locked, pinned, or could not be brought home; ENOMEM: no block of frames. <see cref="Advice.Poison"/>:
    /// EFAULT where nothing is mapped or nothing can be read; EINVAL where memory is not anonymous and private; EBUSY for the zero page and
    /// pages that are locked or pinned; what a read says; pages before that one are lost.
    /// </returns>
    /// <remarks>
    /// Other than madvise(2), which goes as far as it can, a call that fails changes nothing; only poisoning goes page by page, populating may leave pages
    /// behind that were brought in, and collapsing those blocks that it could collapse, filled up with zeros. Source: Linux mm/madvise.c.
    /// </remarks>
    public Errno Advise(VirtualAddress address, ulong lengthBytes, Advice advice)
    {
        if (lengthBytes > ulong.MaxValue - Page.OffsetMask - address)
        {
            return Errno.EINVAL;
        }

        return advice switch
        {
            Advice.DontNeed => ChangePages(address, lengthBytes, InvalidationCause.Clear, _zap.Run, static vma => !vma.IsSpecial),
            Advice.Free => ChangePages(address, lengthBytes, InvalidationCause.Clear, _zap.Run, static vma => vma.IsAnonymous),
            Advice.DontFork => ChangeFlags(address, lengthBytes, VmaFlags.DontFork, VmaFlags.None, static _ => true),
            Advice.DoFork => ChangeFlags(address, lengthBytes, VmaFlags.None, VmaFlags.DontFork, static vma => !vma.IsSpecial),
            Advice.HugePage =>
                ChangeFlags(address, lengthBytes, VmaFlags.HugePage, VmaFlags.NoHugePage, static vma => !vma.IsSpecial),
            Advice.NoHugePage =>
                ChangeFlags(address, lengthBytes, VmaFlags.NoHugePage, VmaFlags.HugePage, static vma => !vma.IsSpecial),
            Advice.PopulateRead => Populate(address, lengthBytes, CpuAccess.Read),
            Advice.PopulateWrite => Populate(address, lengthBytes, CpuAccess.Write),
            Advice.Collapse => Collapse(address, lengthBytes),
            Advice.Poison => Poison(address, lengthBytes),
            _ => Errno.EINVAL,
        };
    }

    /// <summary>Gives up the bytes of a range, which stays mapped: private memory reads as zero, or as the file behind it.</summary>
    /// <param name="address">Start: page-aligned.</param>
    /// <param name="lengthBytes">Rounded up to whole pages; 0 succeeds and does nothing, as madvise(2) does.</param>
    /// <returns>As <see cref="Advise"/> with <see cref="Advice.DontNeed"/>.</returns>
    /// <remarks>Source: Linux mm/madvise.c, madvise_dontneed_free (MADV_DONTNEED).</remarks>
    public Errno Discard(VirtualAddress address, ulong lengthBytes) => Advise(address, lengthBytes, Advice.DontNeed);

    private Errno ChangeFlags(VirtualAddress address, ulong lengthBytes, VmaFlags set, VmaFlags clear, Func<Vma, bool> canTake)
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

            VmaList.Plan plan = _vmas.PrepareChange(range, vma => vma with { Flags = (vma.Flags | set) & ~clear });
            if (_vmas.CountAfter(plan) > _options.VmaLimit)
            {
                return Errno.ENOMEM;
            }

            SplitHugeAtEnds(range);
            _vmas.Apply(plan);
            return Errno.None;
        }
    }

    private Errno Populate(VirtualAddress address, ulong lengthBytes, CpuAccess access)
    {
        Errno error = TryRange(address, lengthBytes, out AddressRange range);
        if (error != Errno.None || range.IsEmpty)
        {
            return error;
        }

        using (MmapLock.EnterShared())
        {
            error = CheckMapped(range, vma => !vma.IsSpecial && vma.Allows(access));
            for (ulong page = range.Start; page < range.End.Value && error == Errno.None; page += Page.Size)
            {
                error = PopulatePage(_vmas.At(page)!, page, access);
                error =
                    error != Errno.EIO ? error :
                    _table.Read(page).IsPoisoned ? Errno.EHWPOISON : Errno.EFAULT;
            }

            return error;
        }
    }

    private Errno PopulatePage(Vma vma, ulong page, CpuAccess access)
    {
        for (int i = 0; i < PopulateLimit; i++)
        {
            if (_table.Read(page).Allows(access))
            {
                return Errno.None;
            }

            Errno error = HandleFaultLocked(vma, page, access);
            if (error is not (Errno.None or Errno.EAGAIN))
            {
                return error;
            }
        }

        return Errno.EBUSY;
    }

    /// <summary>Looks whether a range is mapped, by mappings that can take an operation. Mmap lock held.</summary>
    /// <returns>ENOMEM: not all of it is mapped. EINVAL: a mapping cannot take it.</returns>
    private Errno CheckMapped(AddressRange range, Func<Vma, bool> canTake) =>
        !_vmas.Covers(range) ? Errno.ENOMEM : _vmas.Any(range, vma => !canTake(vma)) ? Errno.EINVAL : Errno.None;
}
