namespace GpuSvm.Svm;

/// <summary>Gives pages that leave the device frames of the system, with their bytes. Used by one thread.</summary>
/// <remarks>Source: Linux drm_gpusvm.c, drm_gpusvm_migrate_populate_ram_pfn.</remarks>
internal sealed class HomeFrames(DeviceMemory memory)
{
    private readonly CopyList _copies = new(memory.Dma);

    /// <summary>Finds a frame for a page of a migration.</summary>
    /// <param name="source">The page; one that does not move is passed over.</param>
    /// <param name="destinations">Where it goes: from its own word on, 512 for a huge page.</param>
    /// <returns>None; ENOMEM, EBUSY when there is none for it, or for all of a huge page; then it stays, or a part of it.</returns>
    public Errno TryFind(MigratePfn source, Span<MigratePfn> destinations)
    {
        if (!source.Migrates || !source.IsValid)
        {
            return Errno.None;
        }

        if (source.IsCompound && memory.Frames.TryAllocateHugeHome(out FrameNumber head) == Errno.None)
        {
            return Map(source.Frame, head, HugePage.Order, out destinations[0]);
        }

        Errno error = Errno.None;
        for (int i = 0; i < DeviceMemory.PagesOf(source) && error == Errno.None; i++)
        {
            FrameNumber page = source.Frame + (ulong)i;
            error = memory.Frames.TryAllocateHome(page, out FrameNumber frame);
            error = error == Errno.None ? Map(page, frame, 0, out destinations[i]) : error;
        }

        return error;
    }

    /// <summary>Copies what was found.</summary>
    /// <returns>As <see cref="IDeviceMemoryOperations.CopyToSystem"/>.</returns>
    public Errno Copy() => _copies.Copies.IsEmpty ? Errno.None : memory.Operations.CopyToSystem(_copies.Copies);

    /// <summary>Takes the DMA mappings back.</summary>
    public void End() => _copies.End();

    private Errno Map(FrameNumber from, FrameNumber to, int order, out MigratePfn destination)
    {
        destination = default;
        Errno error = _copies.TryMap(to, order, DmaDirection.Bidirectional, out DeviceAddress address);
        if (error != Errno.None)
        {
            memory.Frames.Put(to);
            return error;
        }

        bool isOfDevice = memory.TryGetDevicePage(from, out ulong page);
        Checks.That(isOfDevice, "A page that leaves the device was there.");
        _copies.Add(page, address, 1 << order);
        destination = order == 0 ? MigratePfn.Of(to) : MigratePfn.OfHuge(to);
        return Errno.None;
    }
}
