using static GpuSvm.HmmTests.HmmProcess;

namespace GpuSvm.HmmTests.Tests;

/// <summary>Pages move to the device and back.</summary>
internal static class MigrationTests
{
    public static void Migrate(HmmMachine m)
    {
        VirtualAddress buffer = m.MapFilled(BufferPages);

        m.ExpectToDevice(buffer, BufferPages);

        // Nobody has to ask for what moved.
        m.File.Expect(DeviceVerb.Read, buffer, BufferPages, (Errno.None, BufferPages, 0));
        Expect.Equal(BufferPages, (int)m.First.UsedFrames, "pages in the device's memory");
        Expect.Equal(m.Kind == DevicePageKind.Private ? 0 : BufferPages, m.PresentPages(buffer, BufferPages), "pages that the CPU can reach");
    }

    public static void MigrateFault(HmmMachine m)
    {
        VirtualAddress buffer = m.MapFilled(BufferPages);
        m.ExpectToDevice(buffer, BufferPages);

        m.Process.ExpectInts(buffer, 0, BufferPages / 2);

        Place half = m.Kind == DevicePageKind.Private ? Place.System : Place.FirstDevice;
        m.Process.ExpectPlace(buffer, 0, BufferPages / 2, half);
        m.Process.ExpectPlace(buffer, BufferPages / 2, BufferPages / 2, Place.FirstDevice);
        if (m.Kind == DevicePageKind.Coherent)
        {
            // The CPU has read where the pages are; so they go home by command.
            m.File.Expect(DeviceVerb.MigrateToSystem, buffer, BufferPages / 2, (Errno.None, BufferPages / 2, 0));
            m.Process.ExpectPlace(buffer, 0, BufferPages / 2, Place.System);
        }

        Expect.Equal(BufferPages / 2, m.File.MirroredPages, "pages that the device has");
        m.ExpectToDevice(buffer, BufferPages, alreadyThere: BufferPages / 2);
    }

    public static void MigrateRelease(HmmMachine m)
    {
        VirtualAddress buffer = m.MapFilled(BufferPages);
        m.ExpectToDevice(buffer, BufferPages);
        Expect.Equal(1, m.First.ChunkCount, "chunks of device memory");

        m.File.Expect(DeviceVerb.Release, buffer, BufferPages, (Errno.None, 0, 0));

        m.Process.ExpectPlace(buffer, 0, BufferPages, Place.System);
        Expect.Equal((0, 0), (m.First.ChunkCount, m.File.MirroredPages), "chunks of device memory, pages that the device has");
        m.Process.ExpectInts(buffer, 0, BufferPages);
        m.ExpectToDevice(buffer, BufferPages);
        Expect.Equal(1, m.First.ChunkCount, "chunks of device memory when pages move there again");
    }

    public static void MigrateShared(HmmMachine m)
    {
        VirtualAddress buffer = m.Process.MapShared(BufferPages);
        m.Process.Fill(buffer, 0, BufferPages);

        m.File.Expect(DeviceVerb.MigrateToDevice, buffer, BufferPages, (Errno.ENOENT, 0, 0));

        m.Process.ExpectPlace(buffer, 0, BufferPages, Place.System);
        m.Process.ExpectInts(buffer, 0, BufferPages);

        // Private memory does, on the same machine.
        m.ExpectToDevice(m.MapFilled(1), 1);
    }

    public static void MigrateMultiple(HmmMachine m)
    {
        for (int round = 0; round < 10; round++)
        {
            VirtualAddress buffer = m.MapFilled(BufferPages);
            m.ExpectToDevice(buffer, BufferPages);
            if (m.Kind == DevicePageKind.Coherent)
            {
                m.File.Expect(DeviceVerb.MigrateToSystem, buffer, BufferPages, (Errno.None, BufferPages, 0));
            }

            m.Process.ExpectInts(buffer, 0, BufferPages);
            m.Process.ExpectPlace(buffer, 0, BufferPages, Place.System);
            Expect.Equal(0L, m.First.UsedFrames, "pages in the device's memory");
            m.Process.Unmap(buffer, BufferPages);
        }
    }

    public static void MigrateMixed(HmmMachine m)
    {
        HmmProcess process = m.Process;
        DeviceFile second = process.Open(m.Second);
        VirtualAddress buffer = process.Map(6, Protection.None);
        second.Expect(DeviceVerb.MigrateToDevice, buffer, 6, (Errno.EINVAL, 0, 0));
        process.Unmap(buffer + Page.Size, 1);
        second.Expect(DeviceVerb.MigrateToDevice, buffer, 3, (Errno.EINVAL, 0, 0));

        VirtualAddress zero = buffer + (2 * Page.Size);
        process.Protect(zero, 1, Protection.Read);
        Expect.Equal(0, process.Thread.Load<int>(zero), "the zero page");
        process.ProtectAndStore(buffer, 3, Protection.Read);
        process.ProtectAndStore(buffer, 4, Protection.ReadWrite);
        process.ProtectAndStore(buffer, 5, Protection.ReadWrite);
        process.ExpectPlace(buffer, 2, 1, Place.ZeroPage);
        process.ExpectPlace(buffer, 3, 3, Place.System);

        byte[] mirror = second.Expect(DeviceVerb.MigrateToDevice, zero, 4, (Errno.None, 4, 0));

        process.ExpectPlace(buffer, 2, 4, Place.SecondDevice);
        Expect.Ints(mirror, i => i % IntsOfPage != 0 || i < IntsOfPage ? 0 : 2 + (i / IntsOfPage), "what the device reads");
        m.File.Expect(DeviceVerb.MigrateToDevice, buffer + (5 * Page.Size), 1, (Errno.ENOENT, 0, 0));
        process.ExpectPlace(buffer, 2, 4, Place.SecondDevice);
    }

    public static void DoubleMap(HmmMachine m)
    {
        const int Pages = 6;
        DeviceFile second = m.Process.Open(m.Second);
        VirtualAddress buffer = m.MapFilled(Pages);
        m.Process.Protect(buffer, Pages, Protection.Read);
        Expect.Ints(m.File.Expect(DeviceVerb.Read, buffer, Pages, (Errno.None, Pages, 1)), Index, "what the first device reads");
        Expect.Ints(second.Expect(DeviceVerb.Read, buffer, Pages, (Errno.None, Pages, 1)), Index, "what the second device reads");

        Expect.Ints(second.Expect(DeviceVerb.MigrateToDevice, buffer, Pages, (Errno.None, Pages, 0)), Index, "what has moved");

        m.Process.ExpectPlace(buffer, 0, Pages, Place.SecondDevice);
        Expect.Equal(0, m.File.MirroredPages, "pages that the first device has");
        Expect.Ints(m.File.Expect(DeviceVerb.Read, buffer, Pages, (Errno.None, Pages, 1)), Index, "what the first device reads then");

        // A device that another one cannot reach gives its pages back; coherent memory is read where it is.
        m.Process.ExpectPlace(buffer, 0, Pages, m.Kind == DevicePageKind.Private ? Place.System : Place.SecondDevice);
        m.Process.ExpectInts(buffer, 0, Pages);
    }
}
