namespace GpuSvm.Mm;

/// <content>Memory whose frames are fixed.</content>
public sealed partial class AddressSpace
{
    /// <summary>Maps all of a memory object where nothing is mapped yet; other mappings of it, of any address space, show the same pages.</summary>
    /// <param name="address">Start: page-aligned.</param>
    /// <param name="memory">The object, of this address space's frames.</param>
    /// <param name="protection">What the program may do there.</param>
    /// <returns>
    /// EINVAL: unaligned, unknown protection, or the address space has ended. ENOMEM: beyond the window, or too many mappings. EPERM:
    /// below the window. EEXIST: something is there. EBUSY: a page of the object is mapped already, and the CPU's frames are
    /// fixed: what such a CPU loses at one address is lost at all. Forked children share an object all the same.
    /// </returns>
    /// <exception cref="ArgumentException">The object is not of these frames, or released.</exception>
    /// <remarks>The pages read as zero until they are written, and again after all mappings have unmapped or discarded them.</remarks>
    public Errno MapObject(VirtualAddress address, MemoryObject memory, Protection protection)
    {
        ArgumentNullException.ThrowIfNull(memory);
        if (memory.Owner != _frames)
        {
            throw new ArgumentException($"{memory} is not of this address space's frames, or is released.", nameof(memory));
        }

        if (!Page.IsAligned(address) || (protection & ~Protection.ReadWrite) != 0)
        {
            return Errno.EINVAL;
        }

        if (memory.PageCount > _options.Window.PageCount)
        {
            return Errno.ENOMEM;
        }

        using (MmapLock.EnterExclusive())
        {
            ulong length = memory.PageCount * Page.Size;
            Errno error = _exited ? Errno.EINVAL : Place(address, length, MapPlacement.FixedNoReplace, out _);
            if (error != Errno.None)
            {
                return error;
            }

            if (memory.MappedPages != 0 && (_cpu.Capabilities & CpuCapabilities.FreeFrames) == 0)
            {
                return Errno.EBUSY;
            }

            VmaList.Plan plan = _vmas.PrepareMap(
                new Vma(AddressRange.FromLength(address, length), protection, VmaBacking.At(address, memory), VmaFlags.Shared));
            if (_vmas.CountAfter(plan) > _options.VmaLimit)
            {
                return Errno.ENOMEM;
            }

            _vmas.Apply(plan);
            return Errno.None;
        }
    }
}
