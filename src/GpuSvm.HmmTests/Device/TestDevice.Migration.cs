namespace GpuSvm.HmmTests;

/// <content>Pages come to the device's memory, and go home.</content>
public sealed partial class TestDevice
{
    /// <summary>Which pages live with devices of this kind.</summary>
    internal MigrateSelect Select => Kind == DevicePageKind.Private ? MigrateSelect.DevicePrivate : MigrateSelect.DeviceCoherent;

    /// <summary>Gives each page that moves a frame of the device with the page's bytes; without a frame it stays.</summary>
    internal void CopyToDevice(MigrateVma migration)
    {
        for (int i = 0; i < migration.Source.Length; i++)
        {
            MigratePfn source = migration.Source[i];
            if (source.Migrates && Memory.TryBegin(out MigratePfn destination))
            {
                Copy(source, Bytes(destination.Frame));
                migration.Destination[i] = destination;
            }
        }
    }

    /// <summary>Gives each page that leaves the device a frame of the system with the page's bytes.</summary>
    /// <returns>ENOMEM when a page stays for want of a frame.</returns>
    internal Errno CopyToSystem(ReadOnlySpan<MigratePfn> sources, Span<MigratePfn> destinations)
    {
        Errno result = Errno.None;
        for (int i = 0; i < sources.Length; i++)
        {
            if (!sources[i].Migrates || !sources[i].IsValid)
            {
                continue;
            }

            Errno error = Frames.TryAllocate(out FrameNumber frame);
            if (error != Errno.None)
            {
                result = error;
                continue;
            }

            Copy(sources[i], Frames.Memory.Frame(frame));
            destinations[i] = MigratePfn.Of(frame);
        }

        return result;
    }

    /// <summary>Brings one page home.</summary>
    /// <remarks>What comes of it the CPU sees when it looks again. Source: Linux dmirror_devmem_fault.</remarks>
    internal Errno MigrateToRam(in DeviceFault fault)
    {
        AddressRange page = AddressRange.PageAt(fault.Page);
        var migration = new MigrateVma(fault.Space, 1);
        Errno error = migration.Setup(page, this, Select, fault.Frame);
        if (error != Errno.None)
        {
            return error;
        }

        Drop(fault.Space, migration);
        error = CopyToSystem(migration.Source, migration.Destination);
        migration.MigratePages();
        migration.Complete();
        return error;
    }

    private void Copy(MigratePfn source, Span<byte> bytes)
    {
        if (source.IsValid)
        {
            Bytes(source.Frame).CopyTo(bytes);
        }
        else
        {
            bytes.Clear();
        }
    }
}
