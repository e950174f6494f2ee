using static GpuSvm.HmmTests.HmmProcess;

namespace GpuSvm.HmmTests.Tests;

/// <summary>The device may do what the program may, and no more.</summary>
internal static class ProtectionTests
{
    public static void AnonReadProt(HmmMachine m)
    {
        VirtualAddress buffer = m.Process.Map(BufferPages);
        m.Process.Fill(buffer, 0, BufferPages);
        m.Process.Protect(buffer, BufferPages, Protection.None);
        byte[] mirror = Ints(0, BufferPages, i => -i);

        Expect.Equal((Errno.EFAULT, 0UL, 0UL), m.File.Run(DeviceVerb.Read, buffer, BufferPages, mirror), "Read of what nobody may read");

        Expect.Ints(mirror, i => -i, "the device's buffer, which stays as it was");
        Expect.Equal(0, m.File.MirroredPages, "pages that the device has");
        m.Process.Protect(buffer, BufferPages, Protection.ReadWrite);
        m.Process.ExpectPlace(buffer, 0, BufferPages, Place.System);
        m.Process.ExpectInts(buffer, 0, BufferPages);
    }

    public static void AnonWriteProt(HmmMachine m)
    {
        VirtualAddress buffer = m.Process.Map(BufferPages, Protection.Read);
        byte[] mirror = Ints(0, BufferPages, Index);
        m.File.Expect(DeviceVerb.Read, buffer, 1, (Errno.None, 1, 1));

        m.File.ExpectWrite(buffer, mirror, (Errno.EPERM, 0, 0));

        m.Process.ExpectPlace(buffer, 0, 1, Place.ZeroPage);
        m.Process.ExpectInts(buffer, 0, BufferPages, _ => 0);
        m.Process.Protect(buffer, BufferPages, Protection.ReadWrite);
        m.File.ExpectWrite(buffer, mirror, (Errno.None, BufferPages, 1));
        m.Process.ExpectPlace(buffer, 0, BufferPages, Place.System);
        m.Process.ExpectInts(buffer, 0, BufferPages);
    }
}
