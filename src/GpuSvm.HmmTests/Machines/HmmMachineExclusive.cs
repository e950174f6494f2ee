using static GpuSvm.HmmTests.HmmProcess;

namespace GpuSvm.HmmTests;

/// <summary>What tests of exclusive access do.</summary>
internal static class HmmMachineExclusive
{
    /// <summary>Gives the pages of a buffer, in which <c>int[i]</c> is i, to the first device alone.</summary>
    public static void ExpectExclusive(this HmmMachine m, VirtualAddress buffer, int pages)
    {
        byte[] mirror = m.File.Expect(DeviceVerb.MakeExclusive, buffer, pages, (Errno.None, (ulong)pages, 0));
        m.Process.ExpectPlace(buffer, 0, pages, Place.Exclusive);
        Expect.Ints(mirror, Index, "what the device reads");
    }

    /// <summary>EPERM if the first device has a page of a buffer for itself.</summary>
    public static Errno CheckExclusive(this HmmMachine m, VirtualAddress buffer) =>
        m.File.Run(DeviceVerb.CheckExclusive, buffer, BufferPages, []).Error;

    /// <summary>Has the CPU add 1 to each int of a buffer.</summary>
    public static void AddOne(this HmmProcess process, VirtualAddress buffer, int pages)
    {
        for (int i = 0; i < pages * IntsOfPage; i++)
        {
            VirtualAddress address = buffer + ((ulong)i * sizeof(int));
            process.Thread.Store(address, process.Thread.Load<int>(address) + 1);
        }
    }
}
