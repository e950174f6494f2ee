namespace GpuSvm.Svm;

/// <summary>Brings pages of one address space home because somebody asks, one window after another. Used by one thread at a time.</summary>
/// <remarks>Steps and locks as those of <see cref="MoveToDevice"/>. Source: Linux lib/test_hmm.c, dmirror_migrate_to_system.</remarks>
internal sealed class MoveToSystem(DeviceMemory memory)
{
    private readonly MigrateVma _migration = new(memory.Frames, HugePage.PageCount);
    private readonly HomeFrames _frames = new(memory);

    /// <summary>Brings the pages of a range home.</summary>
    public DeviceMigrationResult Run(AddressSpace space, AddressRange range)
    {
        long pages = 0;
        Errno first = Errno.None;
        ulong address = range.Start;
        while (address < range.End.Value && first is not (Errno.ENOMEM or Errno.ETIMEDOUT))
        {
            Errno error = Errno.None;
            using (space.MmapLock.EnterShared())
            {
                if (MoverPages.TryNextWindow(space, range, ref address, out AddressRange window))
                {
                    error = Move(space, window, out int moved);
                    pages += moved;
                }
            }

            first = first == Errno.None || error is Errno.ENOMEM or Errno.ETIMEDOUT ? error : first;
        }

        return new DeviceMigrationResult(pages, first);
    }

    private Errno Move(AddressSpace space, AddressRange window, out int moved)
    {
        moved = 0;
        Errno error = _migration.Setup(space, window, memory.MigrationOwner, memory.Select | MigrateSelect.Compound);
        if (error != Errno.None)
        {
            return error;
        }

        error = _frames.Move(_migration, new HomeRequest(space, window), out moved, out int raced);
        memory.CountRecall(moved, raced);
        return error;
    }
}
