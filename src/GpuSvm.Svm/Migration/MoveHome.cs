namespace GpuSvm.Svm;

/// <summary>Brings a page home that the CPU has touched, and its neighbours. Used by one thread at a time.</summary>
/// <remarks>
/// Runs under the mmap lock and the page lock of the page, and takes locks of the device and update locks only. Allocates nothing once warm.
/// Source: Linux drm_gpusvm.c, drm_gpusvm_migrate_to_ram.
/// </remarks>
internal sealed class MoveHome(DeviceMemory memory)
{
    private readonly MigrateVma _migration = new(memory.Frames, HugePage.PageCount);
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
        Errno error = _migration.Setup(
            fault.Space, range, memory.MigrationOwner, MigrateSelect.DevicePrivate | MigrateSelect.Compound, fault.Frame);
        if (error != Errno.None)
        {
            return error;
        }

        int given = 0;
        try
        {
            ulong word = memory.Pagemap.DataOf(fault.Frame);
            MoverPages.DropOwn(memory, fault.Space, _migration, word);
            error = Fill(IndexOf(fault), word);
            if (error == Errno.None)
            {
                given = MoverPages.CountGiven(_migration.Destination);
                _migration.MigratePages();
            }
        }
        finally
        {
            _migration.Complete();
            _frames.End();
        }

        moved = MoverPages.CountMoving(_migration.Source);
        memory.CountMoveHome(moved, given - moved);
        return error;
    }

    /// <summary>The pages that come home together: the aligned block around the one that was touched, as far as its mapping goes.</summary>
    private AddressRange Around(in DeviceFault fault, int pages)
    {
        ulong size = memory.Frames.IsHuge(fault.Frame) ? HugePage.Size : (ulong)pages * Page.Size;
        return AddressRange.FromLength(fault.Page.Value & ~(size - 1), size).Intersect(fault.Vma.Range);
    }

    private int IndexOf(in DeviceFault fault)
    {
        int index = (int)((fault.Page.Value - _migration.Range.Start.Value) >> Page.Shift);
        MigratePfn head = _migration.Source[0];
        return head.IsCompound ? 0 : index;
    }

    /// <summary>The page that was touched first: without it there is no point. Of the others as many as there is room for.</summary>
    private Errno Fill(int touched, ulong word)
    {
        Errno error = _frames.TryFind(_migration.Source[touched], _migration.Destination[touched..]);
        for (int i = 0; error == Errno.None && i < _migration.Source.Length; i++)
        {
            MigratePfn source = _migration.Source[i];
            if (i != touched && MoverPages.IsOf(memory, source, word) &&
                _frames.TryFind(source, _migration.Destination[i..]) != Errno.None)
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
}
