using static GpuSvm.HmmTests.HmmProcess;

namespace GpuSvm.HmmTests.Tests;

/// <summary>The device has pages for itself, until somebody else touches them.</summary>
internal static class ExclusiveTests
{
    public static void Exclusive(HmmMachine m)
    {
        VirtualAddress buffer = m.MapFilled(BufferPages);
        m.ExpectExclusive(buffer, BufferPages);
        Expect.Equal(Errno.EPERM, m.Check(buffer), "whether no page is the device's alone");

        for (int i = 0; i < BufferPages * IntsOfPage; i++)
        {
            VirtualAddress address = buffer + ((ulong)i * sizeof(int));
            m.Process.Thread.Store(address, m.Process.Thread.Load<int>(address) + 1);
        }

        Expect.Equal(Errno.None, m.Check(buffer), "whether no page is the device's alone");
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
        Expect.Equal(Errno.None, m.Check(buffer), "whether no page is the device's alone");
        m.Process.ExpectInts(buffer, 0, BufferPages);
        m.Process.ExpectPlace(buffer, 0, BufferPages, Place.System);
    }

    /// <summary>Gives the pages of a buffer, in which <c>int[i]</c> is i, to the first device alone.</summary>
    private static void ExpectExclusive(this HmmMachine m, VirtualAddress buffer, int pages)
    {
        byte[] mirror = m.File.Expect(DeviceVerb.MakeExclusive, buffer, pages, (Errno.None, (ulong)pages, 0));
        m.Process.ExpectPlace(buffer, 0, pages, Place.Exclusive);
        Expect.Ints(mirror, Index, "what the device reads");
    }

    private static Errno Check(this HmmMachine m, VirtualAddress buffer) =>
        m.File.Run(DeviceVerb.CheckExclusive, buffer, BufferPages, []).Error;
}
