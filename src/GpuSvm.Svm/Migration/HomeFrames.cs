namespace GpuSvm.Svm;

/// <summary>Gives pages that leave the device frames of the system, with their bytes: what all ways home have in common. Used by one thread.</summary>
/// <remarks>Source: Linux drm_gpusvm.c, drm_gpusvm_migrate_populate_ram_pfn.</remarks>
internal sealed class HomeFrames(DeviceMemory memory)
{
    private readonly CopyList _copies = new(memory.Dma);

    /// <summary>Brings pages home that a migration has collected; ends the migration in any case.</summary>
    /// <param name="migration">Set up.</param>
    /// <param name="request">Which of the pages.</param>
    /// <param name="moved">Number of pages that have moved.</param>
    /// <param name="raced">Number of pages that were copied, and gone when that was done.</param>
    /// <returns>
    /// As <see cref="IDeviceMemoryOperations.CopyToSystem"/>, or ENOMEM for the first page: then nothing has moved. Where there is no first
    /// page, also ENOMEM and EBUSY when there was no frame for a page: it has stayed, and those behind it.
    /// </returns>
    public Errno Move(IPageMigration migration, in HomeRequest request, out int moved, out int raced)
    {
        int given = 0;
        Errno error;
        try
        {
            if (request.Space is { } space)
            {
                MoverPages.DropOwn(memory, space, request.Range, migration.Source, request.Word);
            }

            error = Fill(migration, request, out Errno shortage);
            if (error == Errno.None)
            {
                given = MoverPages.CountGiven(migration.Destination);
                migration.MigratePages();
                error = request.First is null ? shortage : Errno.None;
            }
            else
            {
                memory.CountFailedMove();
            }
        }
        finally
        {
            // Whatever happens: pages that stay locked would stop everybody who touches them.
            migration.Complete();
            _copies.End();
        }

        moved = MoverPages.CountMoving(migration.Source);
        raced = given - moved;
        return error;
    }

    /// <summary>Finds frames, first for the page without which there is no point, then for as many others as there are, and copies.</summary>
    private Errno Fill(IPageMigration migration, in HomeRequest request, out Errno shortage)
    {
        shortage = Errno.None;
        ReadOnlySpan<MigratePfn> sources = migration.Source;
        Span<MigratePfn> destinations = migration.Destination;
        PopulateHomes(sources, request.Word);
        Errno error = request.First is { } first ? TryFind(sources[first], destinations[first..]) : Errno.None;
        for (int i = 0; error == Errno.None && shortage == Errno.None && i < sources.Length; i += DeviceMemory.PagesOf(sources[i]))
        {
            if (i != request.First && MoverPages.IsOf(memory, sources[i], request.Word))
            {
                shortage = TryFind(sources[i], destinations[i..]);
            }
        }

        return error == Errno.None && !_copies.Copies.IsEmpty ? memory.Operations.CopyToSystem(_copies.Copies) : error;
    }

    private void PopulateHomes(ReadOnlySpan<MigratePfn> sources, ulong? word)
    {
        var homes = new HomeRun(memory.Frames);
        for (int i = 0; i < sources.Length; i += DeviceMemory.PagesOf(sources[i]))
        {
            if (!sources[i].IsCompound && MoverPages.IsOf(memory, sources[i], word))
            {
                homes.Add(sources[i].Frame);
            }
        }

        homes.End();
    }

    /// <summary>Finds a frame for a page of a migration.</summary>
    /// <param name="source">The page; one that does not move is passed over.</param>
    /// <param name="destinations">Where it goes: from its own word on, 512 for a huge page.</param>
    /// <returns>None; ENOMEM, EBUSY when there is none for it, or for all of a huge page; then it stays, or a part of it.</returns>
    private Errno TryFind(MigratePfn source, Span<MigratePfn> destinations)
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
