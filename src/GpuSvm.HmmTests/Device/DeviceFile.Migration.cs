namespace GpuSvm.HmmTests;

/// <content>Pages come to the device's memory, and go home.</content>
public sealed partial class DeviceFile
{
    /// <summary>Most pages that are moved at once.</summary>
    private const int MigrationPages = 512;

    /// <remarks>Source: Linux dmirror_migrate_to_device.</remarks>
    private Errno MigrateToDevice(AddressRange range, ref DeviceCommand done, Span<byte> buffer)
    {
        Errno error = MigrateWindows(range, MigrateSelect.System, MoveToDevice, out _);
        return error == Errno.None ? ReadBack(range, ref done, buffer) : error;
    }

    /// <remarks>Source: Linux dmirror_migrate_to_system.</remarks>
    private Errno MigrateToSystem(AddressRange range, ref DeviceCommand done)
    {
        Errno error = MigrateWindows(range, _device.Select, MoveToSystem, out ulong moved);
        done.CopiedPages = moved;
        return error;
    }

    /// <summary>Moves a range piece by piece, each in one mapping.</summary>
    private Errno MigrateWindows(AddressRange range, MigrateSelect select, Func<MigrateVma, Vma, int> move, out ulong moved)
    {
        moved = 0;
        var migration = new MigrateVma(Space, MigrationPages);
        using (Space.MmapLock.EnterShared())
        {
            for (ulong start = range.Start, end; start < range.End.Value; start = end)
            {
                if (Space.VmaAt(start) is not { } vma || !vma.Allows(CpuAccess.Read))
                {
                    return Errno.EINVAL;
                }

                end = Math.Min(Math.Min(start + (MigrationPages * Page.Size), range.End), vma.Range.End);
                var window = new AddressRange(start, end);
                Errno error = migration.Setup(window, _device, select);
                if (error != Errno.None)
                {
                    return error;
                }

                // From here to Complete nobody brings pages that move back into the mirror.
                _device.Drop(Space, migration);
                moved += (ulong)move(migration, vma);
                migration.Complete();
            }
        }

        return Errno.None;
    }

    private int MoveToDevice(MigrateVma migration, Vma vma)
    {
        _device.CopyToDevice(migration);
        int moved = migration.MigratePages();
        using (UpdateLock.Enter())
        {
            ulong page = migration.Range.Start;
            for (int i = 0; i < migration.Source.Length; i++, page += Page.Size)
            {
                MigratePfn source = migration.Source[i];
                if (source.Migrates)
                {
                    bool isWritable = source.IsValid ? source.IsWritable : vma.Allows(CpuAccess.Write);
                    _mirror.Set(page, migration.Destination[i].Frame, isWritable ? MirrorAccess.Write : MirrorAccess.Read);
                }
            }
        }

        return moved;
    }

    private int MoveToSystem(MigrateVma migration, Vma vma)
    {
        // A page that gets no frame stays, and is not counted.
        _ = _device.CopyToSystem(migration.Source, migration.Destination);
        return migration.MigratePages();
    }
}
