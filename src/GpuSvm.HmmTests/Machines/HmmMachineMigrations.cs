using static GpuSvm.HmmTests.HmmProcess;

namespace GpuSvm.HmmTests;

/// <summary>What many tests of migration do.</summary>
internal static class HmmMachineMigrations
{
    /// <summary>Maps a buffer in which <c>int[i]</c> is i, in the system's memory.</summary>
    public static VirtualAddress MapFilled(this HmmMachine m, int pages)
    {
        VirtualAddress buffer = m.Process.Map(pages);
        m.Process.Fill(buffer, 0, pages);
        m.Process.ExpectPlace(buffer, 0, pages, Place.System);
        return buffer;
    }

    /// <summary>Moves such a buffer to the first device, and stops the test unless it is there with its bytes.</summary>
    /// <param name="m">The machine.</param>
    /// <param name="buffer">The buffer.</param>
    /// <param name="pages">Its pages.</param>
    /// <param name="alreadyThere">How many of them are on the device already.</param>
    public static void ExpectToDevice(this HmmMachine m, VirtualAddress buffer, int pages, int alreadyThere = 0)
    {
        Expect.Equal(alreadyThere, m.CountOf(buffer, pages, Place.FirstDevice), "pages on the device before they are moved there");
        byte[] mirror = m.File.Expect(DeviceVerb.MigrateToDevice, buffer, pages, (Errno.None, (ulong)pages, 0));
        m.Process.ExpectPlace(buffer, 0, pages, Place.FirstDevice);
        Expect.Ints(mirror, Index, "what has moved");
    }

    /// <summary>Maps blocks of 2 MiB at a multiple of their size, and advises whether they are to be huge pages.</summary>
    public static VirtualAddress MapBlock(this HmmMachine m, Advice advice, int blocks = 1)
    {
        int pages = blocks * BlockPages;
        VirtualAddress start = m.Process.Map(pages + BlockPages);
        int before = (int)(unchecked(0UL - start.Value) / Page.Size % BlockPages);
        VirtualAddress block = start + ((ulong)before * Page.Size);
        if (before > 0)
        {
            m.Process.Unmap(start, before);
        }

        m.Process.Unmap(block + ((ulong)pages * Page.Size), BlockPages - before);
        m.Process.Advise(block, pages, advice);
        return block;
    }

    /// <summary>Has the CPU load pages of a buffer, in which <c>int[i]</c> is i, from the device's memory.</summary>
    /// <remarks>Private pages come home by that; coherent ones are read where they are.</remarks>
    public static void ExpectHome(this HmmMachine m, VirtualAddress buffer, int first, int pages)
    {
        m.Process.ExpectPlace(buffer, first, pages, Place.FirstDevice);
        m.Process.ExpectInts(buffer, first, pages);
        m.Process.ExpectPlace(buffer, first, pages, m.TouchedPlace);
    }

    /// <summary>Number of pages of a buffer that are in a place.</summary>
    public static int CountOf(this HmmMachine m, VirtualAddress buffer, int pages, Place place) =>
        Enumerable.Range(0, pages).Count(page => m.PlaceOf(m.Process.Space.PageTable.Read(buffer + ((ulong)page * Page.Size))) == place);

    /// <summary>Number of pages of a buffer that the CPU can reach.</summary>
    public static int PresentPages(this HmmMachine m, VirtualAddress buffer, int pages) =>
        Enumerable.Range(0, pages).Count(page => m.Process.Space.PageTable.Read(buffer + ((ulong)page * Page.Size)).IsPresent);

    /// <summary>Gives a page of a buffer the number of the page as its first int, and then a protection.</summary>
    public static void ProtectAndStore(this HmmProcess process, VirtualAddress buffer, int page, Protection protection)
    {
        VirtualAddress address = buffer + ((ulong)page * Page.Size);
        process.Protect(address, 1, Protection.ReadWrite);
        process.Thread.Store(address, page);
        process.Protect(address, 1, protection);
    }
}
