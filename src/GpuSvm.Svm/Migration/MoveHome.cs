namespace GpuSvm.Svm;

/// <summary>Brings a page home that the CPU has touched, and its neighbours. Used for one fault.</summary>
/// <remarks>
/// Runs under the mmap lock and the page lock of the page, and takes locks of the device and update locks only.
/// Source: Linux drm_gpusvm.c, drm_gpusvm_migrate_to_ram.
/// </remarks>
internal sealed class MoveHome(DeviceMemory memory)
{
    private readonly HomeFrames _frames = new(memory);

    /// <summary>Serves the fault.</summary>
    /// <returns>
    /// None when the page has moved, or somebody else was quicker; ENOMEM, EIO, ETIMEDOUT when it could not: then nothing has moved.
    /// </returns>
    public Errno Run(in DeviceFault fault, int pages)
    {
        memory.CountCpuFault();
        AddressRange range = Around(fault, pages);
        memory.Events?.TellMigration(range, EventCause.CpuFault, EventDirection.ToSystem);
        Errno error = Run(fault, range, out int moved);
        memory.Events?.TellMigrationEnd(range, moved);
        return error;
    }

    private Errno Run(in DeviceFault fault, AddressRange range, out int moved)
    {
        moved = 0;
        var migration = new MigrateVma(fault.Space, (int)range.PageCount);
        Errno error = migration.Setup(range, memory.Owner, MigrateSelect.DevicePrivate | MigrateSelect.Compound, fault.Frame);
        if (error != Errno.None)
        {
            return error;
        }

        int given = 0;
        try
        {
            ulong word = memory.Pagemap.DataOf(fault.Frame);
            MoverPages.DropEntries(memory, fault.Space, migration, source => IsOf(source, word));
            error = Fill(migration, IndexOf(fault, migration), word);
            if (error == Errno.None)
            {
                given = MoverPages.CountGiven(migration.Destination);
                migration.MigratePages();
            }
        }
        finally
        {
            migration.Complete();
            _frames.End();
        }

        moved = MoverPages.CountMoved(migration.Source);
        memory.CountMoveHome(moved, given - moved);
        return error;
    }

    /// <summary>The pages that come home together: the aligned block around the one that was touched, as far as its mapping goes.</summary>
    private AddressRange Around(in DeviceFault fault, int pages)
    {
        ulong size = memory.Frames.IsHuge(fault.Frame) ? HugePage.Size : (ulong)pages * Page.Size;
        return AddressRange.FromLength(fault.Page.Value & ~(size - 1), size).Intersect(fault.Vma.Range);
    }

    private static int IndexOf(in DeviceFault fault, MigrateVma migration)
    {
        int index = (int)((fault.Page.Value - migration.Range.Start.Value) >> Page.Shift);
        MigratePfn head = migration.Source[0];
        return head.IsCompound ? 0 : index;
    }

    /// <summary>The page that was touched first: without it there is no point. Of the others as many as there is room for.</summary>
    private Errno Fill(MigrateVma migration, int touched, ulong word)
    {
        Errno error = _frames.TryFind(migration.Source[touched], migration.Destination[touched..]);
        for (int i = 0; error == Errno.None && i < migration.Source.Length; i++)
        {
            MigratePfn source = migration.Source[i];
            if (i != touched && IsOf(source, word) && _frames.TryFind(source, migration.Destination[i..]) != Errno.None)
            {
                break;
            }
        }

        error = error == Errno.None ? _frames.Copy() : error;
        if (error != Errno.None)
        {
            memory.CountFailedMove();
        }

        return error;
    }

    /// <summary>True for a page of the allocation whose pages carry <paramref name="word"/>.</summary>
    private bool IsOf(MigratePfn source, ulong word) => source.Migrates && source.IsValid && memory.Pagemap.DataOf(source.Frame) == word;
}
