namespace GpuSvm.Mm;

/// <content>New mappings.</content>
public sealed partial class AddressSpace
{
    /// <summary>Maps anonymous private memory, which reads as zero.</summary>
    /// <param name="hint">Where; see <paramref name="placement"/>.</param>
    /// <param name="lengthBytes">Rounded up to whole pages.</param>
    /// <param name="protection">What the program may do there.</param>
    /// <param name="placement">How binding the hint is.</param>
    /// <param name="address">Start of the mapping.</param>
    /// <returns>
    /// EINVAL: length 0, unaligned fixed address, unknown protection, or the address space has ended. ENOMEM: beyond the window, no
    /// place left, or too many mappings. EPERM: a fixed address below the window. EEXIST: <see cref="MapPlacement.FixedNoReplace"/> and
    /// something is there. EOPNOTSUPP: the CPU's frames are fixed by what is mapped; see <see cref="MapObject(VirtualAddress, MemoryObject, Protection)"/>.
    /// </returns>
    public Errno Map(VirtualAddress hint, ulong lengthBytes, Protection protection, MapPlacement placement, out VirtualAddress address) =>
        MapNew(hint, lengthBytes, placement, range => new Vma(range, protection), out address);

    /// <summary>Maps anonymous shared memory, which reads as zero: forked children see what is written there, and write it too.</summary>
    /// <param name="hint">Where; see <paramref name="placement"/>.</param>
    /// <param name="lengthBytes">Rounded up to whole pages.</param>
    /// <param name="protection">What the program may do there.</param>
    /// <param name="placement">How binding the hint is.</param>
    /// <param name="address">Start of the mapping.</param>
    /// <returns>As <see cref="Map"/>.</returns>
    /// <remarks>The memory is freed with its last mapping. Source: mmap(2), MAP_SHARED with MAP_ANONYMOUS.</remarks>
    public Errno MapShared(
        VirtualAddress hint, ulong lengthBytes, Protection protection, MapPlacement placement, out VirtualAddress address)
    {
        using var memory = new PageCache(_frames, Page.Count(lengthBytes));
        return MapNew(
            hint,
            lengthBytes,
            placement,
            range => new Vma(range, protection, VmaBacking.At(range.Start, memory), VmaFlags.Shared),
            out address);
    }

    /// <summary>Maps pages of a file, or of shared memory.</summary>
    /// <param name="hint">Where; see <paramref name="placement"/>.</param>
    /// <param name="lengthBytes">Rounded up to whole pages; may reach behind the end of the cache, where an access faults.</param>
    /// <param name="protection">What the program may do there.</param>
    /// <param name="placement">How binding the hint is.</param>
    /// <param name="source">Which pages, and whether writes reach them.</param>
    /// <param name="address">Start of the mapping.</param>
    /// <returns>
    /// As <see cref="Map"/>; EINVAL also for an unaligned offset and an unknown sharing. EOVERFLOW: offset and length exceed 64 bits. EACCES: shared and for
    /// writing, but the file was opened for reading.
    /// </returns>
    /// <exception cref="ArgumentException">The cache is not of this address space's frames, or disposed.</exception>
    /// <remarks>
    /// Private: reading maps the cache's page read-only, writing copies it. Shared: entries are the cache's pages.
    /// Source: mmap(2), MAP_PRIVATE and MAP_SHARED with a file.
    /// </remarks>
    public Errno MapCache(
        VirtualAddress hint,
        ulong lengthBytes,
        Protection protection,
        MapPlacement placement,
        CacheSource source,
        out VirtualAddress address)
    {
        ArgumentNullException.ThrowIfNull(source.Cache, nameof(source));
        if (source.Cache.Owner != _frames || source.Cache.IsDisposed)
        {
            throw new ArgumentException("The cache is not of this address space's frames, or is disposed.", nameof(source));
        }

        address = default;
        if (!Page.IsAligned(source.OffsetBytes) || source.Sharing > MapSharing.Shared)
        {
            return Errno.EINVAL;
        }

        if (source.OffsetBytes > ulong.MaxValue - lengthBytes)
        {
            return Errno.EOVERFLOW;
        }

        bool isShared = source.Sharing == MapSharing.Shared;
        if (isShared && (protection & Protection.Write) != 0 && !source.Cache.IsWritable)
        {
            return Errno.EACCES;
        }

        return MapNew(
            hint,
            lengthBytes,
            placement,
            range => new Vma(
                range,
                protection,
                VmaBacking.At(range.Start, source.Cache, source.OffsetBytes >> Page.Shift),
                isShared ? VmaFlags.Shared : VmaFlags.None),
            out address);
    }

    /// <summary>Maps frames that the caller names and answers for: nobody counts who uses them, and no device may mirror them.</summary>
    /// <param name="hint">Where; see <paramref name="placement"/>.</param>
    /// <param name="firstFrame">Frame of the first page; the others follow.</param>
    /// <param name="lengthBytes">Rounded up to whole pages.</param>
    /// <param name="protection">What the program may do there.</param>
    /// <param name="placement">How binding the hint is.</param>
    /// <param name="address">Start of the mapping.</param>
    /// <returns>As <see cref="Map"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The memory has no such frames.</exception>
    /// <remarks>Always shared. Source: Linux remap_pfn_range, VM_PFNMAP.</remarks>
    public Errno MapSpecial(
        VirtualAddress hint,
        FrameNumber firstFrame,
        ulong lengthBytes,
        Protection protection,
        MapPlacement placement,
        out VirtualAddress address)
    {
        ulong pages = Page.Count(lengthBytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(pages, _frames.Memory.FrameCount, nameof(lengthBytes));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(firstFrame.Value, _frames.Memory.FrameCount - pages, nameof(firstFrame));
        var memory = new SpecialMemory(_frames, firstFrame, pages);
        return MapNew(
            hint,
            lengthBytes,
            placement,
            range => new Vma(range, protection, VmaBacking.At(range.Start, memory), VmaFlags.Shared | VmaFlags.Special),
            out address);
    }

    /// <summary>Maps what a function makes of the range that was found for it, in place of whatever is there.</summary>
    private Errno MapNew(
        VirtualAddress hint, ulong lengthBytes, MapPlacement placement, Func<AddressRange, Vma> make, out VirtualAddress address)
    {
        address = default;
        if (lengthBytes == 0)
        {
            return Errno.EINVAL;
        }

        if ((_cpu.Capabilities & CpuCapabilities.FreeFrames) == 0)
        {
            return Errno.EOPNOTSUPP;
        }

        ulong pages = Page.Count(lengthBytes);
        if (pages > _options.Window.PageCount)
        {
            return Errno.ENOMEM;
        }

        using (MmapLock.EnterExclusive())
        {
            if (_exited)
            {
                return Errno.EINVAL;
            }

            Errno error = Place(hint, pages * Page.Size, placement, out VirtualAddress start);
            if (error != Errno.None)
            {
                return error;
            }

            Vma added = make(AddressRange.FromLength(start, pages * Page.Size));
            if ((added.Protection & ~Protection.ReadWrite) != 0)
            {
                return Errno.EINVAL;
            }

            error = Add(added);
            address = error == Errno.None ? start : default;
            return error;
        }
    }

    /// <summary>Enters a mapping in place of whatever is there. Mmap lock held exclusively.</summary>
    /// <returns>ENOMEM: too many mappings; nothing has changed.</returns>
    private Errno Add(Vma added)
    {
        VmaList.Plan plan = _vmas.PrepareMap(added);
        if (_vmas.CountAfter(plan) > _options.VmaLimit)
        {
            return Errno.ENOMEM;
        }

        if (_vmas.Overlaps(added.Range))
        {
            Remove(added.Range);
        }

        _vmas.Apply(plan);
        return Errno.None;
    }

    private Errno Place(VirtualAddress hint, ulong length, MapPlacement placement, out VirtualAddress start)
    {
        AddressRange window = _options.Window;
        start = hint;
        switch (placement)
        {
            case MapPlacement.Fixed or MapPlacement.FixedNoReplace:
                if (hint > window.End - length)
                {
                    return Errno.ENOMEM;
                }

                if (!Page.IsAligned(hint))
                {
                    return Errno.EINVAL;
                }

                return
                    hint < window.Start ? Errno.EPERM :
                    placement == MapPlacement.FixedNoReplace && _vmas.Overlaps(AddressRange.FromLength(hint, length)) ? Errno.EEXIST :
                    Errno.None;

            case MapPlacement.Hint:
                start = Page.AlignDown(hint);
                if (start >= window.Start && start <= window.End - length && !_vmas.Overlaps(AddressRange.FromLength(start, length)))
                {
                    return Errno.None;
                }

                break;
        }

        return _vmas.TryFindGap(_placement, length, out start) || _vmas.TryFindGap(window, length, out start) ? Errno.None : Errno.ENOMEM;
    }

    private static ulong RandomGap(AddressSpaceOptions options)
    {
        const ulong PagesOfLinux = 1UL << 28;
        ulong bound = Math.Min(PagesOfLinux, options.Window.PageCount / 8);
        return options.Seed == 0 || bound == 0 ? 0 : new SeededRandom(options.Seed).Next(bound) * Page.Size;
    }
}
