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
