using static GpuSvm.HmmTests.HmmProcess;

namespace GpuSvm.HmmTests.Tests;

/// <summary>The device reads and writes anonymous memory where it is.</summary>
internal static class AccessTests
{
    public static void OpenClose(HmmMachine m)
    {
        DeviceFile file = m.Process.Open(m.Second);
        Expect.Equal(2, m.Process.Space.Notifiers.Count, "notifiers of two open devices");
        file.Dispose();
        Expect.Equal(1, m.Process.Space.Notifiers.Count, "notifiers after one is closed");
        file.Expect(DeviceVerb.Read, m.Process.Map(1), 1, (Errno.EINVAL, 0, 0));
    }

    public static void AnonRead(HmmMachine m)
    {
        VirtualAddress buffer = m.Process.Map(BufferPages);
        m.Process.Fill(buffer, 2, BufferPages - 2);
        m.Process.Protect(buffer, BufferPages, Protection.Read);
        Expect.Equal(0, m.Process.Thread.Load<int>(buffer + Page.Size), "a page that was never written");

        byte[] mirror = m.File.Expect(DeviceVerb.Read, buffer, BufferPages, (Errno.None, BufferPages, 1));

        Expect.Ints(mirror, i => i < 2 * IntsOfPage ? 0 : i, "what the device reads");
        m.Process.ExpectPlace(buffer, 0, 2, Place.ZeroPage);
        m.Process.ExpectPlace(buffer, 2, BufferPages - 2, Place.System);
        Expect.Equal(BufferPages, m.File.MirroredPages, "pages that the device has");
        m.File.Expect(DeviceVerb.Read, buffer, BufferPages, (Errno.None, BufferPages, 0));
    }

    public static void AnonWrite(HmmMachine m)
    {
        VirtualAddress buffer = m.Process.Map(BufferPages);

        m.File.ExpectWrite(buffer, Ints(0, BufferPages, Index), (Errno.None, BufferPages, 1));

        m.Process.ExpectPlace(buffer, 0, BufferPages, Place.System);
        m.Process.ExpectInts(buffer, 0, BufferPages);
    }

    public static void AnonReadMultiple(HmmMachine m)
    {
        for (int round = 0; round < 10; round++)
        {
            int shift = round;
            VirtualAddress buffer = m.Process.Map(BufferPages);
            m.Process.Fill(buffer, 0, BufferPages, i => i + shift);

            byte[] mirror = m.File.Expect(DeviceVerb.Read, buffer, BufferPages, (Errno.None, BufferPages, 1));

            Expect.Ints(mirror, i => i + shift, "what the device reads");
            m.Process.ExpectPlace(buffer, 0, BufferPages, Place.System);
            m.Process.Unmap(buffer, BufferPages);
            Expect.Equal(0, m.File.MirroredPages, "pages that the device has of an unmapped buffer");
        }
    }
}
