namespace GpuSvm.HmmTests;

/// <content>Pages come to the device's memory, and go home.</content>
public sealed partial class TestDevice
{
    /// <summary>Which pages live with devices of this kind; huge ones as one.</summary>
    internal MigrateSelect Select =>
        MigrateSelect.Compound | (Kind == DevicePageKind.Private ? MigrateSelect.DevicePrivate : MigrateSelect.DeviceCoherent);

    /// <summary>Number of pages that a word of a migration stands for.</summary>
    internal static int PagesOf(MigratePfn pfn) => pfn.IsCompound ? HugePage.PageCount : 1;

    /// <summary>Gives each page that moves a frame of the device with the page's bytes; without a frame it stays.</summary>
    /// <param name="migration">The migration, set up.</param>
    /// <param name="file">Who asks, and may have an allocation fail.</param>
    internal void CopyToDevice(MigrateVma migration, DeviceFile file)
    {
        for (int i = 0; i < migration.Source.Length; i++)
        {
            MigratePfn source = migration.Source[i];
            if (!source.Migrates)
            {
                continue;
            }

            if (source.IsCompound && !file.TakeFailure() && Memory.TryBeginHuge(out MigratePfn huge))
            {
                migration.Destination[i] = huge;
                Copy(source, page => Bytes(huge.Frame + page));
                continue;
            }

            // A huge page for which there is no block goes to single frames, and is split by that.
            for (int page = 0; page < PagesOf(source) && Memory.TryBegin(out MigratePfn single); page++)
            {
                migration.Destination[i + page] = single;
                Copy(source, page, Bytes(single.Frame));
            }
        }
    }

    /// <summary>Gives each page that leaves the device a frame of the system with the page's bytes.</summary>
    /// <param name="sources">The pages of a migration that is set up.</param>
    /// <param name="destinations">Where they go.</param>
    /// <param name="file">Who asks, and may have an allocation fail; null for nobody.</param>
    /// <returns>ENOMEM when a page stays for want of a frame.</returns>
    internal Errno CopyToSystem(ReadOnlySpan<MigratePfn> sources, Span<MigratePfn> destinations, DeviceFile? file)
    {
        Errno result = Errno.None;
        for (int i = 0; i < sources.Length; i++)
        {
            MigratePfn source = sources[i];
            if (!source.Migrates || !source.IsValid)
            {
                continue;
            }

            if (source.IsCompound && file?.TakeFailure() != true && Frames.TryAllocateHuge(out FrameNumber head) == Errno.None)
            {
                destinations[i] = MigratePfn.OfHuge(head);
                Copy(source, page => Frames.Memory.Frame(head + page));
                continue;
            }

            for (int page = 0; page < PagesOf(source); page++)
            {
                Errno error = Frames.TryAllocate(out FrameNumber frame);
                if (error != Errno.None)
                {
                    result = error;
                    break;
                }

                destinations[i + page] = MigratePfn.Of(frame);
                Copy(source, page, Frames.Memory.Frame(frame));
            }
        }

        return result;
    }

    /// <summary>Brings a page home, a huge one as a whole.</summary>
    /// <remarks>What comes of it the CPU sees when it looks again. Source: Linux dmirror_devmem_fault.</remarks>
    internal Errno MigrateToRam(in DeviceFault fault)
    {
        AddressRange range = Frames.IsHuge(fault.Frame) ? HugePage.BlockAt(fault.Page) : AddressRange.PageAt(fault.Page);
        var migration = new MigrateVma(fault.Space, (int)range.PageCount);
        Errno error = migration.Setup(range, this, Select, fault.Frame);
        if (error != Errno.None)
        {
            return error;
        }

        Drop(fault.Space, migration);
        error = CopyToSystem(migration.Source, migration.Destination, FileOf(fault.Space));
        migration.MigratePages();
        migration.Complete();
        return error;
    }

    private delegate Span<byte> BytesOfPage(ulong page);

    private void Copy(MigratePfn source, BytesOfPage destination)
    {
        for (int page = 0; page < PagesOf(source); page++)
        {
            Copy(source, page, destination((ulong)page));
        }
    }

    private void Copy(MigratePfn source, int page, Span<byte> bytes)
    {
        if (source.IsValid)
        {
            Bytes(source.Frame + (ulong)page).CopyTo(bytes);
        }
        else
        {
            bytes.Clear();
        }
    }

    private DeviceFile? FileOf(AddressSpace space) => Array.Find(SharedWord.Read(ref _files), file => file.Space == space);
}
