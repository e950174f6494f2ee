namespace GpuSvm.Mm;

/// <content>Memory whose frames are fixed.</content>
public sealed partial class AddressSpace
{
    /// <summary>Maps all of a memory object where nothing is mapped yet.</summary>
    /// <param name="address">Start: page-aligned.</param>
    /// <param name="memory">The object, of this address space's frames; mapped nowhere.</param>
    /// <param name="protection">What the program may do there.</param>
    /// <returns>
    /// EINVAL: unaligned, unknown protection, or the address space has ended. ENOMEM: beyond the window, or too many mappings. EPERM:
    /// below the window. EEXIST: something is there. EBUSY: a page of the object is mapped already.
    /// </returns>
    /// <exception cref="ArgumentException">The object is not of these frames, or released.</exception>
    /// <remarks>The pages read as zero until they are written, and again after they were unmapped or discarded.</remarks>
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

            if (memory.MappedPages != 0)
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
