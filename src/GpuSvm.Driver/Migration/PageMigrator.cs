namespace GpuSvm.Driver;

/// <summary>Moves the pages of one client, and keeps the client's mirror true meanwhile.</summary>
/// <remarks>
/// <code>
/// mmap lock shared: MigrateVma.Setup        everybody's mirrors are told, but the mirror of this client skips what it made itself;
///                                           faults that looked a page up before are refused, later ones wait for the page
/// update lock: drop and flush the mirror    from here on no access of the GPU reaches the old frames
/// allocate, copy
/// MigratePages, Complete                    the CPU and waiting faults find the new frames
/// </code>
/// Source: nouveau_dmem.c, nouveau_dmem_migrate_vma. Locking: the SVM lock is held by the caller.
/// </remarks>
internal sealed class PageMigrator(AddressSpace mm, GpuMirror mirror)
{
    private const int WindowPages = CpuPageTable.EntryCount;

    /// <summary>Moves the pages of a range to other frames of system memory, a window of 2 MiB at most after another.</summary>
    /// <param name="range">Page-aligned.</param>
    public MigrationResult Run(AddressRange range)
    {
        var migration = new MigrateVma(mm, (int)Math.Clamp(range.PageCount, 1, WindowPages));
        var result = new MigrationResult(0, Errno.None);
        ulong address = range.Start;
        while (address < range.End.Value && result.Error != Errno.ENOMEM)
        {
            int moved = 0;
            Errno error = Setup(migration, range, ref address);
            if (error == Errno.None)
            {
                error = Move(migration, out moved);
            }

            result = new MigrationResult(result.Pages + moved, result.Error == Errno.None || error == Errno.ENOMEM ? error : result.Error);
        }

        return result;
    }

    /// <summary>Sets up the next window: within one mapping, and one leaf of the page table.</summary>
    /// <param name="migration">What moves the window.</param>
    /// <param name="range">All that is to be moved.</param>
    /// <param name="address">Where the window may begin; on return the address behind it, or behind the hole that is there.</param>
    private Errno Setup(MigrateVma migration, AddressRange range, ref ulong address)
    {
        using (mm.MmapLock.EnterShared())
        {
            Vma? vma = mm.NextVma(address);
            ulong mapped = vma is null ? range.End : Math.Min(vma.Range.Start, range.End);
            if (address < mapped)
            {
                address = mapped;
                return Errno.EFAULT;
            }

            ulong length = (ulong)migration.Capacity * Page.Size;
            ulong end = Math.Min(vma!.Range.End, Math.Min(range.End, address + length));
            var window = new AddressRange(address, end);
            address = end;
            return migration.Setup(window, mirror);
        }
    }

    private Errno Move(MigrateVma migration, out int moved)
    {
        Errno error = Errno.None;
        try
        {
            if (HasPage(migration.Source))
            {
                DropOwn(migration);
                error = Copy(migration);
                migration.MigratePages();
            }
        }
        finally
        {
            // Whatever happens: pages that stay locked would stop everybody who touches them.
            moved = migration.Complete();
        }

        return error;
    }

    private void DropOwn(MigrateVma migration)
    {
        if (Breaks.OwnerEventSkipped)
        {
            return;
        }

        using (mirror.UpdateLock.Enter())
        {
            mirror.Drop(migration.Range, InvalidationCause.Migrate);
        }
    }

    private Errno Copy(MigrateVma migration)
    {
        ReadOnlySpan<MigratePfn> source = migration.Source;
        for (int i = 0; i < source.Length; i++)
        {
            if (!Moves(source[i]))
            {
                continue;
            }

            Errno error = mm.Frames.TryAllocate(out FrameNumber frame);
            if (error != Errno.None)
            {
                return error;
            }

            mm.Frames.Copy(source[i].Frame, frame);
            migration.Destination[i] = MigratePfn.Of(frame);
        }

        return Errno.None;
    }

    private static bool HasPage(ReadOnlySpan<MigratePfn> source)
    {
        foreach (MigratePfn page in source)
        {
            if (Moves(page))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>True for a page that is there: where nothing is, nothing begins elsewhere in the system's memory.</summary>
    private static bool Moves(MigratePfn page) => page.Migrates && page.IsValid;
}
