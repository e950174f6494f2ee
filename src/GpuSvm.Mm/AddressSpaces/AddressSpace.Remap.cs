namespace GpuSvm.Mm;

/// <content>Mappings that grow, shrink and move.</content>
public sealed partial class AddressSpace
{
    /// <summary>Mappings that a move needs room for, as Linux reckons.</summary>
    private const int MoveReserve = 3;

    /// <summary>Resizes a mapping, or moves its pages to another address.</summary>
    /// <param name="address">Start of what is remapped: page-aligned.</param>
    /// <param name="lengthBytes">
    /// Its length, rounded up to whole pages; all in one mapping unless the call only shrinks. 0, of shared memory, maps the same pages
    /// once more.
    /// </param>
    /// <param name="newLengthBytes">The length afterwards, rounded up to whole pages.</param>
    /// <param name="flags">What may happen.</param>
    /// <param name="newAddress">Where to, with <see cref="RemapFlags.Fixed"/>; a hint with <see cref="RemapFlags.DontUnmap"/>.</param>
    /// <param name="result">Where the mapping is now.</param>
    /// <returns>
    /// EINVAL: unknown flags, unaligned, new length 0 or beyond the window; Fixed or DontUnmap without MayMove; DontUnmap with another
    /// length, or of special frames; source and target overlap; length 0 of private memory. EFAULT: the range is not in one
    /// mapping; special frames that shall grow.
    /// ENOMEM: no place left where it may be, or too many mappings. EPERM: a fixed address below the window.
    /// </returns>
    /// <remarks>
    /// Entries move as they are, with rights and marks, also those of pages that are elsewhere or on their way. The old range is
    /// invalidated as unmapped, and what was mapped at a fixed target before.
    /// A call that fails changes nothing. Departure: since 6.17 Linux moves a range of several mappings to a fixed address, here it is
    /// EFAULT. Source: Linux mm/mremap.c.
    /// </remarks>
    public Errno Remap(
        VirtualAddress address,
        ulong lengthBytes,
        ulong newLengthBytes,
        RemapFlags flags,
        VirtualAddress newAddress,
        out VirtualAddress result)
    {
        result = default;
        ulong limitPages = _options.Window.End >> Page.Shift;
        ulong newPages = Page.Count(newLengthBytes);
        ulong oldPages = Page.Count(lengthBytes);
        const RemapFlags All = RemapFlags.MayMove | RemapFlags.Fixed | RemapFlags.DontUnmap;
        if ((flags & ~All) != 0 || !Page.IsAligned(address) || newPages == 0 || newPages > limitPages)
        {
            return Errno.EINVAL;
        }

        if (address > _options.Window.End || oldPages > limitPages)
        {
            return Errno.EFAULT;
        }

        var request = new RemapRequest(address, oldPages * Page.Size, newPages * Page.Size, flags, newAddress);
        if (request.NamesTarget && !request.IsTargetSound(_options.Window.End))
        {
            return Errno.EINVAL;
        }

        using (MmapLock.EnterExclusive())
        {
            if (_vmas.At(address) is not { } vma)
            {
                return Errno.EFAULT;
            }

            Errno error = RemapLocked(vma, request, out VirtualAddress start);
            result = error == Errno.None ? start : default;
            return error;
        }
    }

    private Errno RemapLocked(Vma vma, in RemapRequest request, out VirtualAddress start)
    {
        start = request.Address;
        if (!request.NamesTarget && request.NewLength <= request.Length)
        {
            return Shrink(request);
        }

        // What lies behind the new length is unmapped and may be anything.
        ulong kept = Math.Min(request.Length, request.NewLength);
        Errno error =
            request.Length == 0 && !vma.IsShared ? Errno.EINVAL :
            (request.Flags & RemapFlags.DontUnmap) != 0 && vma.IsSpecial ? Errno.EINVAL :
            kept > vma.Range.End - request.Address ? Errno.EFAULT :
            request.NewLength > kept && vma.IsSpecial ? Errno.EFAULT : Errno.None;
        if (error != Errno.None)
        {
            return error;
        }

        if (!request.NamesTarget && TryGrow(vma, request))
        {
            return Errno.None;
        }

        return (request.Flags & RemapFlags.MayMove) != 0 ? Move(vma, request, kept, out start) : Errno.ENOMEM;
    }

    private Errno Shrink(in RemapRequest request)
    {
        AddressRange tail = request.Tail;
        if (tail.IsEmpty || !_vmas.Overlaps(tail))
        {
            return Errno.None;
        }

        VmaList.Plan plan = _vmas.PrepareUnmap(tail);
        if (_vmas.CountAfter(plan) > _options.VmaLimit)
        {
            return Errno.ENOMEM;
        }

        Remove(tail);
        _vmas.Apply(plan);
        return Errno.None;
    }

    /// <summary>Lets a mapping grow where it is, if what is remapped ends with it and the room behind it is free.</summary>
    private bool TryGrow(Vma vma, in RemapRequest request)
    {
        ulong end = vma.Range.End;
        ulong more = request.NewLength - request.Length;
        if (request.Address.Value + request.Length != end || more > _options.Window.End - end ||
            _vmas.Overlaps(AddressRange.FromLength(end, more)))
        {
            return false;
        }

        _vmas.Apply(_vmas.PrepareMap(Part(vma, end, end, more)));
        return true;
    }

    private Errno Move(Vma vma, in RemapRequest request, ulong kept, out VirtualAddress start)
    {
        MapPlacement placement =
            (request.Flags & RemapFlags.Fixed) != 0 ? MapPlacement.Fixed :
            request.NamesTarget ? MapPlacement.Hint : MapPlacement.Anywhere;
        int reserve = request.NamesTarget ? MoveReserve + 2 : MoveReserve;
        start = default;
        Errno error = _vmas.Count >= _options.VmaLimit - reserve
            ? Errno.ENOMEM
            : Place(request.NewAddress, request.NewLength, placement, out start);
        if (error != Errno.None)
        {
            return error;
        }

        // From here on nothing fails.
        AddressRange target = AddressRange.FromLength(start, request.NewLength);
        Vacate(target);
        Vacate(request.Tail);
        _vmas.Apply(_vmas.PrepareMap(Part(vma, request.Address, start, request.NewLength)));
        if (kept == 0)
        {
            return Errno.None;
        }

        AddressRange left = AddressRange.FromLength(request.Address, kept);
        if (Breaks.RemapBeforeTheInvalidation)
        {
            MoveEntries(vma, left, start);
        }

        using (Open(left, InvalidationCause.Unmap))
        {
            SplitHugeForMove(left, start);
            MoveEntries(vma, left, start);
            if ((request.Flags & RemapFlags.DontUnmap) == 0)
            {
                _vmas.Apply(_vmas.PrepareUnmap(left));
            }
        }

        return Errno.None;
    }

    /// <summary>Unmaps whatever is in a range, with room for the mappings that this may add.</summary>
    private void Vacate(AddressRange range)
    {
        if (!range.IsEmpty && _vmas.Overlaps(range))
        {
            Remove(range);
            _vmas.Apply(_vmas.PrepareUnmap(range));
        }
    }

    /// <summary>A mapping elsewhere of what a mapping shows from an address on.</summary>
    private static Vma Part(Vma vma, VirtualAddress from, VirtualAddress to, ulong length) =>
        vma with { Range = AddressRange.FromLength(to, length), Backing = vma.Backing?.Moved(from, to) };
}
