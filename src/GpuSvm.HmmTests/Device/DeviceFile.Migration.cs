namespace GpuSvm.HmmTests;

/// <content>Pages come to the device's memory, and go home.</content>
public sealed partial class DeviceFile
{
    /// <summary>Most pages that are moved at once.</summary>
    private const int MigrationPages = 512;

    /// <remarks>Source: Linux dmirror_migrate_to_device.</remarks>
    private Errno MigrateToDevice(AddressRange range, ref DeviceCommand done, Span<byte> buffer)
    {
        Errno error = MigrateWindows(range, MigrateSelect.System | MigrateSelect.Compound, MoveToDevice, out _);
        return error == Errno.None ? ReadBack(range, ref done, buffer) : error;
    }

    /// <remarks>Source: Linux dmirror_migrate_to_system.</remarks>
    private Errno MigrateToSystem(AddressRange range, ref DeviceCommand done)
    {
        Errno error = MigrateWindows(range, _device.Select, MoveToSystem, out ulong moved);
        done.CopiedPages = moved;
        return error;
    }

    /// <summary>Moves a range piece by piece, each in one mapping and one table, so that huge pages can move as one.</summary>
    private Errno MigrateWindows(AddressRange range, MigrateSelect select, Action<MigrateVma, Vma> move, out ulong moved)
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

                ulong behind = HugePage.AlignDown(start) + HugePage.Size;
                end = Math.Min(Math.Min(behind, range.End), vma.Range.End);
                Errno error = migration.Setup(new AddressRange(start, end), _device, select);
                if (error != Errno.None)
                {
                    return error;
                }

                // From here to Complete nobody brings pages that move back into the mirror.
                _device.Drop(Space, migration);
                move(migration, vma);
                migration.Complete();
                moved += MovedPages(migration.Source);
            }
        }

        return Errno.None;
    }

    private void MoveToDevice(MigrateVma migration, Vma vma)
    {
        _device.CopyToDevice(migration, this);
        migration.MigratePages();
        using (UpdateLock.Enter())
        {
            ulong page = migration.Range.Start;
            for (int i = 0; i < migration.Source.Length; i++, page += Page.Size)
            {
                MigratePfn source = migration.Source[i];
                if (source.Migrates)
                {
                    bool isWritable = source.IsValid ? source.IsWritable : vma.Allows(CpuAccess.Write);
                    Enter(page, migration.Destination[i], isWritable ? MirrorAccess.Write : MirrorAccess.Read);
                }
            }
        }
    }

    private void MoveToSystem(MigrateVma migration, Vma vma)
    {
        // A page that gets no frame stays, and is not counted.
        _ = _device.CopyToSystem(migration.Source, migration.Destination, this);
        migration.MigratePages();
    }

    private void Enter(ulong page, MigratePfn destination, MirrorAccess access)
    {
        for (int i = 0; i < TestDevice.PagesOf(destination); i++)
        {
            _mirror.Set(page + ((ulong)i * Page.Size), destination.Frame + (ulong)i, access);
        }
    }

    private static ulong MovedPages(ReadOnlySpan<MigratePfn> sources)
    {
        ulong moved = 0;
        foreach (MigratePfn source in sources)
        {
            moved += source.Migrates && source.IsValid ? (ulong)TestDevice.PagesOf(source) : 0;
        }

        return moved;
    }
}
