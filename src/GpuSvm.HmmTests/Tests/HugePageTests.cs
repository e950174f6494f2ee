using static GpuSvm.HmmTests.HmmProcess;

namespace GpuSvm.HmmTests.Tests;

/// <summary>Huge pages, where they are and on the device.</summary>
internal static class HugePageTests
{
    public static void AnonWriteHuge(HmmMachine m)
    {
        VirtualAddress buffer = m.MapBlock(Advice.HugePage, blocks: 2);

        m.File.ExpectWrite(buffer, Ints(0, BufferPages, Index), (Errno.None, BufferPages, 1));

        m.Process.ExpectPlace(buffer, 0, BufferPages, Place.System);
        m.ExpectHuge(buffer, BufferPages);
        m.Process.ExpectInts(buffer, 0, BufferPages);
    }

    public static void MigrateEmpty(HmmMachine m)
    {
        VirtualAddress buffer = m.MapBlock(Advice.HugePage);
        m.Process.ExpectPlace(buffer, 0, BlockPages, Place.Nowhere);

        m.ExpectZerosToDevice(buffer);
    }

    public static void MigrateZero(HmmMachine m)
    {
        VirtualAddress buffer = m.MapBlock(Advice.HugePage);
        Expect.Equal(0, m.Process.Thread.Load<int>(buffer), "the zero page");
        m.Process.ExpectPlace(buffer, 0, BlockPages, Place.ZeroPage);

        m.ExpectZerosToDevice(buffer);
    }

    public static void MigrateFree(HmmMachine m)
    {
        VirtualAddress buffer = m.MapFilledBlock();
        m.ExpectToDevice(buffer, BlockPages);

        m.Process.Advise(buffer, BlockPages, Advice.Free);

        Expect.Equal(0, m.File.MirroredPages, "pages that the device has");
        Expect.Equal(0L, m.First.UsedFrames, "pages in the device's memory");
        m.Process.ExpectPlace(buffer, 0, BlockPages, Place.Nowhere);
        m.Process.ExpectInts(buffer, 0, BlockPages, _ => 0);
        m.Process.Unmap(buffer, BlockPages);
    }

    public static void MigrateFault(HmmMachine m)
    {
        VirtualAddress buffer = m.MapBlock(Advice.NoHugePage);
        m.Process.Fill(buffer, 0, BlockPages);
        m.Process.Advise(buffer, BlockPages, Advice.HugePage);
        m.Process.Advise(buffer, BlockPages, Advice.Collapse);
        m.ExpectHuge(buffer, BlockPages);

        m.ExpectToDevice(buffer, BlockPages);

        m.ExpectHuge(buffer, BlockPages);
        m.ExpectSnapshotOfBlock(buffer, m.LocalByte | SnapshotByte.Write | SnapshotByte.Huge);
        Expect.Equal(m.Kind == DevicePageKind.Private ? 0 : BlockPages, m.PresentPages(buffer, BlockPages), "pages that the CPU can reach");
        Expect.Equal(0, m.Process.Thread.Load<int>(buffer), "the first word, by which all comes home");
        m.Process.ExpectPlace(buffer, 0, BlockPages, m.TouchedPlace);
        m.ExpectHuge(buffer, BlockPages);
        m.Process.ExpectInts(buffer, 0, BlockPages);
    }

    public static void MigrateErr(HmmMachine m)
    {
        VirtualAddress buffer = m.MapFilledBlock();
        m.FailNextAllocation(buffer);
        m.ExpectToDevice(buffer, BlockPages);
        m.ExpectSnapshotOfBlock(buffer, m.LocalByte | SnapshotByte.Write);
        m.ExpectHome(buffer, 0, BlockPages);
        m.Process.Unmap(buffer, BlockPages);

        // Only once, and then on the way home.
        buffer = m.MapFilledBlock();
        m.ExpectToDevice(buffer, BlockPages);
        m.ExpectHuge(buffer, BlockPages);
        m.ExpectHomeInParts(buffer, Index);
    }

    public static void MigrateZeroErr(HmmMachine m)
    {
        VirtualAddress buffer = m.MapBlock(Advice.HugePage);
        Expect.Equal(0, m.Process.Thread.Load<int>(buffer), "the zero page");
        m.ExpectHuge(buffer, BlockPages);
        m.FailNextAllocation(buffer);
        m.ExpectZerosToDevice(buffer);
        m.Process.Unmap(buffer, BlockPages);

        buffer = m.MapBlock(Advice.HugePage);
        Expect.Equal(0, m.Process.Thread.Load<int>(buffer), "the zero page");
        Expect.Ints(m.File.Expect(DeviceVerb.MigrateToDevice, buffer, BlockPages, (Errno.None, BlockPages, 0)), _ => 0, "what has moved");
        m.ExpectHuge(buffer, BlockPages);
        m.ExpectHomeInParts(buffer, _ => 0);
    }

    /// <summary>Has a huge page come home while there is no block for it: its pages come all the same.</summary>
    private static void ExpectHomeInParts(this HmmMachine m, VirtualAddress buffer, Func<int, int> expected)
    {
        m.Process.ExpectPlace(buffer, 0, BlockPages, Place.FirstDevice);
        m.FailNextAllocation(buffer);
        if (m.Kind == DevicePageKind.Private)
        {
            Expect.Equal(expected(0), m.Process.Thread.Load<int>(buffer), "the first word, by which all comes home");
        }
        else
        {
            m.File.Expect(DeviceVerb.MigrateToSystem, buffer, BlockPages, (Errno.None, BlockPages, 0));
        }

        m.Process.ExpectPlace(buffer, 0, BlockPages, Place.System);
        m.ExpectSnapshotOfBlock(buffer, SnapshotByte.Write);
        m.Process.ExpectInts(buffer, 0, BlockPages, expected);
    }

    private static void FailNextAllocation(this HmmMachine m, VirtualAddress buffer) =>
        m.File.Expect(DeviceVerb.SetFlags, buffer, (int)DeviceFlags.FailAllocation, (Errno.None, 0, 0));

    private static void ExpectSnapshotOfBlock(this HmmMachine m, VirtualAddress buffer, SnapshotByte expected) =>
        m.File.ExpectSnapshot(buffer, [.. Enumerable.Repeat(expected, BlockPages)]);

    /// <summary>Maps a huge page in which <c>int[i]</c> is i.</summary>
    private static VirtualAddress MapFilledBlock(this HmmMachine m)
    {
        VirtualAddress buffer = m.MapBlock(Advice.HugePage);
        m.Process.Fill(buffer, 0, BlockPages);
        m.Process.ExpectPlace(buffer, 0, BlockPages, Place.System);
        m.ExpectHuge(buffer, BlockPages);
        return buffer;
    }

    /// <summary>Moves a block of zeros to the device, reads it there, and then by the CPU.</summary>
    private static void ExpectZerosToDevice(this HmmMachine m, VirtualAddress buffer)
    {
        byte[] mirror = m.File.Expect(DeviceVerb.MigrateToDevice, buffer, BlockPages, (Errno.None, BlockPages, 0));

        Expect.Ints(mirror, _ => 0, "what has moved");
        m.Process.ExpectPlace(buffer, 0, BlockPages, Place.FirstDevice);
        m.Process.ExpectInts(buffer, 0, BlockPages, _ => 0);
        m.Process.ExpectPlace(buffer, 0, BlockPages, m.TouchedPlace);
    }

    /// <summary>Stops the test unless each page of a buffer is part of a huge one.</summary>
    private static void ExpectHuge(this HmmMachine m, VirtualAddress buffer, int pages)
    {
        for (int page = 0; page < pages; page++)
        {
            CpuPte pte = m.Process.Space.PageTable.Read(buffer + ((ulong)page * Page.Size));
            Expect.Equal(true, pte.IsHuge, $"whether page {page} is part of a huge page");
        }
    }
}
