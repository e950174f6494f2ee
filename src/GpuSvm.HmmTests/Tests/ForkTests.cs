using static GpuSvm.HmmTests.HmmProcess;

namespace GpuSvm.HmmTests.Tests;

/// <summary>A process forks, and a page is copied when one of the two writes it.</summary>
internal static class ForkTests
{
    public static void AnonWriteChild(HmmMachine m)
    {
        foreach (Advice advice in (Advice[])[Advice.NoHugePage, Advice.HugePage])
        {
            AnonWriteChild(m, advice, isMigrated: false);
            AnonWriteChild(m, advice, isMigrated: true);
        }
    }

    public static void AnonWriteChildShared(HmmMachine m)
    {
        VirtualAddress buffer = m.Process.MapShared(BufferPages);
        m.Process.Fill(buffer, 0, BufferPages);
        HmmProcess child = m.Process.Fork();
        child.ExpectInts(buffer, 0, BufferPages);

        child.Open(m.First).ExpectWrite(buffer, Ints(0, BufferPages, i => -i), (Errno.None, BufferPages, 1));

        child.ExpectInts(buffer, 0, BufferPages, i => -i);
        m.Process.ExpectInts(buffer, 0, BufferPages, i => -i);
        child.ExpectPlace(buffer, 0, BufferPages, Place.System);
        child.ExpectSameFrames(m.Process, buffer, BufferPages, BufferPages);
        child.Dispose();
    }

    public static void ExclusiveCow(HmmMachine m)
    {
        VirtualAddress buffer = m.MapFilled(BufferPages);
        m.ExpectExclusive(buffer, BufferPages);

        HmmProcess child = m.Process.Fork();

        m.Process.ExpectPlace(buffer, 0, BufferPages, Place.System);
        Expect.Equal(Errno.None, m.CheckExclusive(buffer), "whether no page is the device's alone");
        child.ExpectSameFrames(m.Process, buffer, BufferPages, BufferPages);
        foreach (HmmProcess process in (HmmProcess[])[m.Process, child])
        {
            process.AddOne(buffer, BufferPages);
        }

        m.Process.ExpectInts(buffer, 0, BufferPages, i => i + 1);
        child.ExpectInts(buffer, 0, BufferPages, i => i + 1);
        child.ExpectSameFrames(m.Process, buffer, BufferPages, 0);
        child.Dispose();
    }

    public static void CowInDevice(HmmMachine m)
    {
        VirtualAddress buffer = m.MapFilled(BufferPages);
        m.ExpectToDevice(buffer, BufferPages);
        HmmProcess child = m.Process.Fork();
        m.Process.ExpectPlace(buffer, 0, BufferPages, Place.FirstDevice);
        child.ExpectSameFrames(m.Process, buffer, BufferPages, BufferPages);

        m.Process.Fill(buffer, 0, BufferPages, i => -i);

        m.Process.ExpectPlace(buffer, 0, BufferPages, Place.System);
        m.File.ExpectSnapshot(buffer, [.. Enumerable.Repeat(SnapshotByte.Write, BufferPages)]);
        m.Process.ExpectInts(buffer, 0, BufferPages, i => -i);
        child.ExpectSameFrames(m.Process, buffer, BufferPages, 0);
        child.ExpectPlace(buffer, 0, BufferPages, m.TouchedPlace);
        child.ExpectInts(buffer, 0, BufferPages);
        child.Dispose();
    }

    private static void AnonWriteChild(HmmMachine m, Advice advice, bool isMigrated)
    {
        VirtualAddress buffer = m.MapBlock(advice, blocks: 2);
        m.Process.Fill(buffer, 0, BufferPages);
        if (isMigrated)
        {
            m.ExpectToDevice(buffer, BufferPages);
        }

        HmmProcess child = m.Process.Fork();
        child.ExpectSameFrames(m.Process, buffer, BufferPages, BufferPages);
        child.ExpectPlace(buffer, 0, BufferPages, isMigrated ? Place.FirstDevice : Place.System);
        child.ExpectInts(buffer, 0, BufferPages);

        child.Open(m.First).ExpectWrite(buffer, Ints(0, BufferPages, i => -i), (Errno.None, BufferPages, 1));

        child.ExpectInts(buffer, 0, BufferPages, i => -i);
        child.ExpectPlace(buffer, 0, BufferPages, Place.System);
        child.ExpectSameFrames(m.Process, buffer, BufferPages, 0);
        m.Process.ExpectPlace(buffer, 0, BufferPages, isMigrated ? m.TouchedPlace : Place.System);
        m.Process.ExpectInts(buffer, 0, BufferPages);
        child.Dispose();
        m.Process.Unmap(buffer, BufferPages);
    }
}
