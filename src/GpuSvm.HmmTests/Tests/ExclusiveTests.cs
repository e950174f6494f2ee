using static GpuSvm.HmmTests.HmmProcess;

namespace GpuSvm.HmmTests.Tests;

/// <summary>The device has pages for itself, until somebody else touches them.</summary>
internal static class ExclusiveTests
{
    public static void Exclusive(HmmMachine m)
    {
        VirtualAddress buffer = m.MapFilled(BufferPages);
        m.ExpectExclusive(buffer, BufferPages);
        Expect.Equal(Errno.EPERM, m.CheckExclusive(buffer), "whether no page is the device's alone");

        m.Process.AddOne(buffer, BufferPages);

        Expect.Equal(Errno.None, m.CheckExclusive(buffer), "whether no page is the device's alone");
        m.Process.ExpectPlace(buffer, 0, BufferPages, Place.System);
        Expect.Equal(0, m.File.MirroredPages, "pages that the device has");
        m.Process.ExpectInts(buffer, 0, BufferPages, i => i + 1);
        Expect.Ints(m.File.Expect(DeviceVerb.Read, buffer, BufferPages, (Errno.None, BufferPages, 1)), i => i + 1, "what the device reads");
    }

    public static void ExclusiveMprotect(HmmMachine m)
    {
        VirtualAddress buffer = m.MapFilled(BufferPages);
        m.ExpectExclusive(buffer, BufferPages);

        m.Process.Protect(buffer, BufferPages, Protection.Read);

        m.File.ExpectWrite(buffer, Ints(0, BufferPages, i => -i), (Errno.EPERM, 0, 0));
        Expect.Equal(Errno.None, m.CheckExclusive(buffer), "whether no page is the device's alone");
        m.Process.ExpectInts(buffer, 0, BufferPages);
        m.Process.ExpectPlace(buffer, 0, BufferPages, Place.System);
    }
}
