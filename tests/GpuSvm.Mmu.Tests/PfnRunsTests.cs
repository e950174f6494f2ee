using GpuSvm.Core;
using GpuSvm.Mmu.Tests.Infrastructure;
using static GpuSvm.Mmu.Tests.Infrastructure.AddressSpaceFixture;

namespace GpuSvm.Mmu.Tests;

/// <summary>Runs of pages are mapped in one call, and what lies between them is left alone.</summary>
public class PfnRunsTests
{
    private const ulong Address = 0x7F12_3440_0000;

    [Fact]
    public void Runs_are_mapped_and_the_pages_between_them_stay_as_they_are()
    {
        using var f = new AddressSpaceFixture();
        f.MapOk(Address + Page.Size, Host(0x50));
        f.Journal.Take();
        PfnEntry[] pfns = [Host(0x60), PfnEntry.None, Host(0x61, ReadOnly), Video(0x8000), PfnEntry.None, Host(0x62)];

        Assert.Equal(Errno.None, MapRuns(f, pfns, new PfnSpan(0, 1), new PfnSpan(2, 2), new PfnSpan(5, 1)));

        // All of one direction are mapped together, before anything else is done.
        Assert.Equal("map pfn:0x60 Bidirectional\nmap pfn:0x62 Bidirectional\nmap pfn:0x61 ToDevice", f.Journal.Take());
        Assert.Equal(5, f.Space.MappedPages);
        Assert.Equal(new FrameNumber(0x50), FrameAt(f, 1));
        Assert.Equal((new FrameNumber(0x60), new FrameNumber(0x61), new FrameNumber(0x62)), (FrameAt(f, 0), FrameAt(f, 2), FrameAt(f, 5)));
        Assert.Equal((Aperture.VideoMemory, 0x8000UL), (f.Walk(Address + (3 * Page.Size)).Aperture, f.Walk(Address + (3 * Page.Size)).Address));
        Assert.Equal(PageTableEntryKind.Invalid, f.Walk(Address + (4 * Page.Size)).Kind);
        Assert.Equal(ReadOnly, f.Walk(Address + (2 * Page.Size)).Rights);
        Assert.Empty(f.Space.Check());
    }

    [Fact]
    public void A_page_over_another_is_mapped_after_the_old_one_is_flushed()
    {
        using var f = new AddressSpaceFixture();
        f.MapOk(Address, Host(0x50));
        f.Journal.Take();

        Assert.Equal(Errno.None, MapRuns(f, [Host(0x60)], new PfnSpan(0, 1)));

        Assert.StartsWith("map pfn:0x60 Bidirectional\nflush ", f.Journal.Take(), StringComparison.Ordinal);
        Assert.Equal((1L, 1L), (f.Dma.MappedPages, f.Space.MappedPages));
        Assert.Equal(new FrameNumber(0x60), FrameAt(f, 0));
    }

    [Fact]
    public void Where_not_all_can_be_mapped_for_DMA_each_run_is_tried_alone()
    {
        using var f = new AddressSpaceFixture();
        PfnEntry[] pfns = [Host(0x60), PfnEntry.None, Host(0x61)];
        f.Dma.Failures.Allowed = 1;

        Assert.Equal(Errno.None, MapRuns(f, pfns, new PfnSpan(0, 1), new PfnSpan(2, 1)));

        Assert.Equal((2L, 2L), (f.Dma.MappedPages, f.Space.MappedPages));
    }

    [Fact]
    public void A_run_without_memory_for_tables_is_not_mapped_and_its_DMA_mapping_is_undone()
    {
        using var f = new AddressSpaceFixture();
        PfnEntry[] pfns = [Host(0x60), PfnEntry.None, Host(0x61, ReadOnly)];
        f.Memory.Failures.Allowed = 0;

        Assert.Equal(Errno.ENOMEM, MapRuns(f, pfns, new PfnSpan(0, 1), new PfnSpan(2, 1)));

        Assert.Equal((1L, 1L), (f.Dma.MappedPages, f.Space.MappedPages));
        Assert.Equal((false, true), (pfns[0].IsValid, pfns[2].IsValid));
    }

    [Fact]
    public void A_frame_that_does_not_exist_leaves_nothing_mapped()
    {
        using var f = new AddressSpaceFixture();
        f.Dma.FrameCount = 0x61;
        PfnEntry[] pfns = [Host(0x60), Host(0x61, ReadOnly)];

        Assert.Throws<ArgumentOutOfRangeException>(() => MapRuns(f, pfns, new PfnSpan(0, 2)));

        Assert.Equal((0L, 0L), (f.Dma.MappedPages, f.Space.MappedPages));
        Assert.False(pfns[0].IsValid || pfns[1].IsValid);
    }

    [Fact]
    public void More_pages_than_one_hold_of_the_lock_maps_are_mapped_too()
    {
        using var f = new AddressSpaceFixture();
        PfnEntry[] pfns = [.. Enumerable.Range(0, 512).Select(i => i % 2 == 0 ? Host(0x1000 + (ulong)i) : PfnEntry.None)];

        Assert.Equal(Errno.None, MapRuns(f, pfns, [.. Enumerable.Range(0, 256).Select(i => new PfnSpan(2 * i, 1))]));

        Assert.Equal(256, f.Space.MappedPages);
        Assert.All(Enumerable.Range(0, 256), i => Assert.Equal(new FrameNumber(0x1000 + (2 * (ulong)i)), FrameAt(f, 2 * i)));
        Assert.Empty(f.Space.Check());
    }

    [Fact]
    public void Threads_that_map_different_blocks_at_the_same_time_leave_books_and_tables_that_agree()
    {
        using var f = new AddressSpaceFixture();
        const int Threads = 3;
        Parallel.For(0, Threads, thread =>
        {
            var buffer = new PfnBuffer(512);
            for (int round = 0; round < 20; round++)
            {
                ulong block = Address + ((ulong)((round * Threads) + thread) << 21);
                PfnEntry[] pfns = [.. Enumerable.Range(0, 512).Select(i => i % 3 == 0 ? PfnEntry.None : Video((ulong)i << 12))];
                PfnSpan[] runs = [.. Enumerable.Range(0, 170).Select(i => new PfnSpan((3 * i) + 1, 2))];
                Assert.Equal(Errno.None, f.Space.PfnMapRuns(block, pfns, runs, buffer));
            }
        });

        Assert.Equal(Threads * 20 * 340, f.Space.MappedPages);
        Assert.Empty(f.Space.Check());
    }

    private static Errno MapRuns(AddressSpaceFixture f, PfnEntry[] pfns, params PfnSpan[] runs) =>
        f.Space.PfnMapRuns(Address, pfns, runs, new PfnBuffer(pfns.Length));

    private static FrameNumber FrameAt(AddressSpaceFixture f, int page) =>
        f.Dma.Resolve(f.Walk(Address + ((ulong)page * Page.Size)).Address).Frame;
}
