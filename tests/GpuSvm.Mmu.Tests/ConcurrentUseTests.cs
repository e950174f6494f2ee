using GpuSvm.Core;
using GpuSvm.Mmu.Tests.Infrastructure;

namespace GpuSvm.Mmu.Tests;

public class ConcurrentUseTests
{
    [Fact]
    public void Calls_of_many_threads_are_served_one_at_a_time()
    {
        using var f = new AddressSpaceFixture();
        SvmThread[] threads = [.. Enumerable.Range(0, 4).Select(n => SvmThread.Start($"mapper {n}", () => MapAndUnmap(f, (ulong)n)))];
        foreach (SvmThread thread in threads)
        {
            thread.Join();
        }

        Assert.Equal((4 * 8, 4 * 8), (f.Space.MappedPages, f.Dma.MappedPages));
        for (ulong n = 0; n < 4; n++)
        {
            DecodedEntry entry = f.Walk(n << 12);
            Assert.Equal(new FrameNumber(n), f.Dma.Resolve(entry.Address).Frame);
        }
    }

    [Fact]
    public void A_warm_space_allocates_nothing()
    {
        using var f = new AddressSpaceFixture();
        var memory = new PlainMemory();
        Assert.Equal(Errno.None, GpuAddressSpace.TryCreate(memory, f.Dma, memory, out GpuAddressSpace? space));
        var pfns = new PfnEntry[600];
        for (int round = 0; round < 50; round++)
        {
            RoundTrip(space!, pfns, round);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int round = 0; round < 50; round++)
        {
            RoundTrip(space!, pfns, round);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        space!.Dispose();
    }

    private static void RoundTrip(GpuAddressSpace space, PfnEntry[] pfns, int round)
    {
        ulong start = (1UL << 30) - 0x10_0000;
        Array.Fill(pfns, PfnEntry.VideoMemory((ulong)round << 12, TranslationRights.Read));
        space.PfnMap(Page.Shift, start, pfns);
        space.PfnMap(Page.Shift, start, pfns);
        space.Translate(start);
        space.PfnUnmap(space.Bounds);
    }

    private static void MapAndUnmap(AddressSpaceFixture f, ulong thread)
    {
        for (int round = 0; round < 500; round++)
        {
            // Pages of all threads share page tables, at both sides of a table's edge.
            for (ulong i = 0; i < 8; i++)
            {
                ulong page = (((i * 128) << 2) | thread) << 12;
                f.MapOk(page, AddressSpaceFixture.Host((i << 8) | thread));
                if (round < 499)
                {
                    f.UnmapOk(page, page + Page.Size);
                }
            }
        }
    }

    /// <summary>Page-table memory and a TLB that allocate nothing themselves.</summary>
    private sealed class PlainMemory : IPageTableMemory, ITlbInvalidator
    {
        private readonly ulong[] _words = new ulong[64 * 512];
        private readonly Stack<ulong> _free = new(64);

        public PlainMemory()
        {
            for (ulong table = 63; table > 0; table--)
            {
                _free.Push(table << 12);
            }
        }

        public Errno TryAllocate(int sizeBytes, int alignmentBytes, out ulong address)
        {
            address = _free.Pop();
            return Errno.None;
        }

        public void Free(ulong address, int sizeBytes) => _free.Push(address);

        public Span<ulong> Words(ulong address, int sizeBytes) => _words.AsSpan((int)(address >> 3), sizeBytes >> 3);

        public void InvalidateTlb(PageDirectoryBase root, AddressRange range, int depth)
        {
        }
    }
}
