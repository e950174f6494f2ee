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
