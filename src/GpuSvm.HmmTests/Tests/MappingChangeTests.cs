using static GpuSvm.HmmTests.HmmProcess;

namespace GpuSvm.HmmTests.Tests;

/// <summary>Mappings of pages that live on the device are cut and moved.</summary>
internal static class MappingChangeTests
{
    private const int MiBPages = 256;

    public static void MigratePartialUnmapFault(HmmMachine m)
    {
        foreach (Advice advice in (Advice[])[Advice.NoHugePage, Advice.HugePage])
        {
            foreach (int offset in (int[])[0, MiBPages / 2, MiBPages])
            {
                VirtualAddress buffer = m.MapBlock(advice);
                m.Process.Fill(buffer, 0, BlockPages);
                m.ExpectToDevice(buffer, BlockPages);

                m.Process.Unmap(buffer + ((ulong)offset * Page.Size), MiBPages);

                Expect.Equal(BlockPages - MiBPages, (int)m.First.UsedFrames, "pages in the device's memory");
                Expect.Equal(BlockPages - MiBPages, m.File.MirroredPages, "pages that the device has");
                m.ExpectHome(buffer, 0, offset);
                m.ExpectHome(buffer, offset + MiBPages, BlockPages - MiBPages - offset);
                m.Process.Unmap(buffer, BlockPages);
            }
        }
    }

    public static void MigrateRemapFault(HmmMachine m)
    {
        foreach (Advice advice in (Advice[])[Advice.NoHugePage, Advice.HugePage])
        {
            foreach (RemapFlags flags in (RemapFlags[])[RemapFlags.None, RemapFlags.DontUnmap])
            {
                foreach (int offset in (int[])[0, MiBPages / 2, MiBPages])
                {
                    Remap(m, advice, flags, offset, first: 0, BlockPages);
                    Remap(m, advice, flags, offset, first: MiBPages / 2, MiBPages);
                    MigrateRemapped(m, advice, flags, offset);
                }
            }
        }
    }

    /// <summary>Pages are moved to the device, and a part of their mapping to another address, some pages from the start of a block.</summary>
    private static void Remap(HmmMachine m, Advice advice, RemapFlags flags, int offset, int first, int pages)
    {
        VirtualAddress target = m.MapBlock(advice, blocks: 2);
        VirtualAddress buffer = m.MapBlock(advice);
        m.Process.Fill(buffer, 0, BlockPages);
        m.ExpectToDevice(buffer, BlockPages);

        VirtualAddress from = buffer + ((ulong)first * Page.Size);
        VirtualAddress to = m.Process.Remap(from, pages, flags, target + ((ulong)offset * Page.Size));

        // What moved is the mapping: the pages stay on the device, which must ask for them where they are now.
        m.Process.ExpectPlace(to, 0, pages, Place.FirstDevice);
        m.Process.ExpectPlace(from, 0, pages, Place.Nowhere);
        Expect.Equal(BlockPages - pages, m.File.MirroredPages, "pages that the device has");
        byte[] mirror = m.File.Expect(DeviceVerb.Read, to, pages, (Errno.None, (ulong)pages, 1));
        Expect.Ints(mirror, i => i + (first * IntsOfPage), "what the device reads at the new address");
        m.Process.ExpectInts(to, 0, pages, i => i + (first * IntsOfPage));
        m.Process.ExpectPlace(to, 0, pages, m.TouchedPlace);
        m.ExpectHome(buffer, 0, first);
        m.ExpectHome(buffer, first + pages, BlockPages - first - pages);
        ExpectLeftBehind(m, from, pages, flags);
        m.Process.Unmap(buffer, BlockPages);
        m.Process.Unmap(target, 2 * BlockPages);
    }

    /// <summary>A mapping is moved to another address, and its pages then to the device.</summary>
    private static void MigrateRemapped(HmmMachine m, Advice advice, RemapFlags flags, int offset)
    {
        VirtualAddress target = m.MapBlock(advice, blocks: 2);
        VirtualAddress buffer = m.MapBlock(advice);
        m.Process.Fill(buffer, 0, BlockPages);
        VirtualAddress to = m.Process.Remap(buffer, BlockPages, flags, target + ((ulong)offset * Page.Size));

        m.ExpectToDevice(to, BlockPages);

        m.ExpectHome(to, 0, BlockPages);
        ExpectLeftBehind(m, buffer, BlockPages, flags);
        m.Process.Unmap(buffer, BlockPages);
        m.Process.Unmap(target, 2 * BlockPages);
    }

    /// <summary>Stops the test unless nothing is left where pages were moved away: no mapping, or one that reads as zero.</summary>
    private static void ExpectLeftBehind(HmmMachine m, VirtualAddress from, int pages, RemapFlags flags)
    {
        if (flags == RemapFlags.DontUnmap)
        {
            m.Process.ExpectInts(from, 0, pages, _ => 0);
            return;
        }

        m.File.Expect(DeviceVerb.Read, from, 1, (Errno.EFAULT, 0, 0));
        m.File.ExpectSnapshot(from, SnapshotByte.Error);
    }
}
