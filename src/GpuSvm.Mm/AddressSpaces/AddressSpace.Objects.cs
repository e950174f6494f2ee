namespace GpuSvm.Mm;

/// <content>Memory whose frames are fixed.</content>
public sealed partial class AddressSpace
{
    /// <summary>Maps all of a memory object where nothing is mapped yet; other mappings of it, of any address space, show the same pages.</summary>
    /// <param name="address">Start: page-aligned.</param>
    /// <param name="memory">The object, of this address space's frames.</param>
    /// <param name="protection">What the program may do there.</param>
    /// <returns>As <see cref="MapObject(VirtualAddress, MemoryObject, ulong, ulong, Protection)"/>.</returns>
    /// <exception cref="ArgumentException">The object is not of these frames, or released.</exception>
    public Errno MapObject(VirtualAddress address, MemoryObject memory, Protection protection)
    {
        ArgumentNullException.ThrowIfNull(memory);
        return MapObject(address, memory, 0, memory.PageCount, protection);
    }

    /// <summary>Maps pages of a memory object where nothing is mapped yet; other mappings of it, of any address space, show the same pages.</summary>
    /// <param name="address">Start: page-aligned.</param>
    /// <param name="memory">The object, of this address space's frames.</param>
    /// <param name="firstPage">Which of its pages is the first.</param>
    /// <param name="pages">Number of pages: at least 1.</param>
    /// <param name="protection">What the program may do there.</param>
    /// <returns>
    /// EINVAL: unaligned, unknown protection, pages that the object has not, or the address space has ended. ENOMEM: beyond the window, or
    /// too many mappings. EPERM: below the window. EEXIST: something is there.
    /// </returns>
    /// <exception cref="ArgumentException">The object is not of these frames, or released.</exception>
    /// <remarks>The pages read as zero until they are written, and again after all mappings have unmapped or discarded them.</remarks>
    public Errno MapObject(VirtualAddress address, MemoryObject memory, ulong firstPage, ulong pages, Protection protection)
    {
        ArgumentNullException.ThrowIfNull(memory);
        if (memory.Owner != _frames)
        {
            throw new ArgumentException($"{memory} is not of this address space's frames, or is released.", nameof(memory));
        }

        if (!Page.IsAligned(address) || (protection & ~Protection.ReadWrite) != 0 ||
            pages == 0 || pages > memory.PageCount || firstPage > memory.PageCount - pages)
        {
            return Errno.EINVAL;
        }

        if (pages > _options.Window.PageCount)
        {
            return Errno.ENOMEM;
        }

        using (MmapLock.EnterExclusive())
        {
            Errno error = _exited ? Errno.EINVAL : Place(address, pages * Page.Size, MapPlacement.FixedNoReplace, out _);
            if (error != Errno.None)
            {
                return error;
            }

            return AddPages(address, memory, firstPage, pages, protection);
        }
    }

    /// <summary>Maps private memory of the CPU's, of which it has pages already, and of which a forked child has copies of its own.</summary>
    /// <param name="address">Start: page-aligned.</param>
    /// <param name="memory">All of it is mapped: an object of whole pages, of this address space's frames.</param>
    /// <param name="protection">What the program may do there.</param>
    /// <param name="takeOver">
    /// Called before anybody can touch a page through this address space, with the mmap lock held exclusively: from its return on the CPU
    /// tells of every fault. Adds the ranges of pages that the CPU has, within the mapping; what it answers but None is this call's answer.
    /// </param>
    /// <param name="leave">Called under the same lock when what was taken over cannot be mapped: undoes it, before any fault of it is looked at.</param>
    /// <returns>As <see cref="MapObject(VirtualAddress, MemoryObject, Protection)"/>; ENOMEM also where no frames are left for the pages. After an error nothing is mapped.</returns>
    public Errno AdoptObject(
        VirtualAddress address, MemoryObject memory, Protection protection, Func<ICollection<AddressRange>, Errno> takeOver, Action leave)
    {
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentNullException.ThrowIfNull(takeOver);
        ArgumentNullException.ThrowIfNull(leave);
        if (memory.Owner != _frames || memory.Reach != MemoryReach.WholePages)
        {
            throw new ArgumentException($"{memory} is not of this address space's frames, or not of whole pages.", nameof(memory));
        }

        if (!Page.IsAligned(address) || (protection & ~Protection.ReadWrite) != 0 || memory.PageCount > _options.Window.PageCount)
        {
            return Errno.EINVAL;
        }

        using (MmapLock.EnterExclusive())
        {
            AddressRange range = AddressRange.FromLength(address, memory.PageCount * Page.Size);
            Errno error = _exited ? Errno.EINVAL : Place(address, range.Length, MapPlacement.FixedNoReplace, out _);
            if (error != Errno.None)
            {
                return error;
            }

            VmaList.Plan plan = _vmas.PrepareMap(
                new Vma(range, protection, VmaBacking.At(address, memory), VmaFlags.Shared | VmaFlags.DontFork));
            List<AddressRange> present = [];
            List<(ulong Page, FrameNumber Frame)> taken = [];
            error = _vmas.CountAfter(plan) > _options.VmaLimit ? Errno.ENOMEM : takeOver(present);
            if (error != Errno.None)
            {
                return error;
            }

            error = TryTake(memory, address, present, taken);
            if (error == Errno.None)
            {
                _vmas.Apply(plan);
                EnterPresent(_vmas.At(address)!, taken);
            }
            else
            {
                leave();
            }

            return error;
        }
    }

    /// <summary>Takes the frames of pages that the CPU has already.</summary>
    /// <returns>ENOMEM when there are not enough; then none is taken.</returns>
    private Errno TryTake(MemoryObject memory, VirtualAddress start, List<AddressRange> present, List<(ulong Page, FrameNumber Frame)> taken)
    {
        foreach (AddressRange range in present)
        {
            for (ulong page = range.Start; page < range.End.Value; page += Page.Size)
            {
                Errno error = memory.TryGet((page - start.Value) >> Page.Shift, out FrameNumber frame);
                if (error != Errno.None)
                {
                    taken.ForEach(pair => _frames.Put(pair.Frame));
                    return error;
                }

                taken.Add((page, frame));
            }
        }

        return Errno.None;
    }

    /// <summary>Enters pages of an object that the CPU has already. Mmap lock held exclusively; nothing is there yet.</summary>
    private void EnterPresent(Vma vma, List<(ulong Page, FrameNumber Frame)> taken)
    {
        foreach ((ulong page, FrameNumber frame) in taken)
        {
            CpuLeaf leaf = _table.GetOrAdd(page);
            using (leaf.Lock.Enter())
            {
                Enter(leaf, page, CpuPte.Map(frame, vma.EntryRights));
            }
        }
    }

    private Errno AddPages(VirtualAddress address, MemoryObject memory, ulong firstPage, ulong pages, Protection protection)
    {
        VmaList.Plan plan = _vmas.PrepareMap(new Vma(
            AddressRange.FromLength(address, pages * Page.Size), protection, VmaBacking.At(address, memory, firstPage), VmaFlags.Shared));
        if (_vmas.CountAfter(plan) > _options.VmaLimit)
        {
            return Errno.ENOMEM;
        }

        _vmas.Apply(plan);
        return Errno.None;
    }

    /// <summary>Has a page that lives in a device, and that another mapping of its object shows, come home before this mapping of it goes.</summary>
    /// <remarks>
    /// A page without an entry anywhere could not be found there any more. Mmap lock held exclusively; where one does not come it is kept
    /// where it is.
    /// </remarks>
    private void BringHomeShared(AddressRange range)
    {
        foreach (Vma vma in _vmas.In(range))
        {
            if (vma.Backing is not { Memory: MemoryObject { IsShared: true } memory } backing)
            {
                continue;
            }

            AddressRange part = vma.Range.Intersect(range);
            ulong address = part.Start;
            while (_table.FindNext(ref address, part.End) is { } leaf)
            {
                ulong end = Math.Min(CpuPageTable.LeafEnd(address), part.End);
                for (; address < end; address += Page.Size)
                {
                    if (leaf.Read(address).IsDevicePrivate && memory.IsShownTwice(backing.IndexOf(address)))
                    {
                        _ = HandleFaultLocked(vma, address, CpuAccess.Read);
                    }
                }
            }
        }
    }
}
