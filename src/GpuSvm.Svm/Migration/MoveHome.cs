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

        var request = new HomeRequest(fault.Space, range, memory.Pagemap.DataOf(fault.Frame), IndexOf(fault));
        error = _frames.Move(_migration, request, out moved, out int raced);
        memory.CountMoveHome(moved, raced);
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
}
