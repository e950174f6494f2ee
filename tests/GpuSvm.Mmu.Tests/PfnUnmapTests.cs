using GpuSvm.Core;
using GpuSvm.Mmu.Tests.Infrastructure;
using static GpuSvm.Mmu.Tests.Infrastructure.AddressSpaceFixture;

namespace GpuSvm.Mmu.Tests;

public class PfnUnmapTests
{
    [Fact]
    public void How_many_pages_were_unmapped_is_told_and_whether_a_range_has_any()
    {
        using var f = new AddressSpaceFixture();
        PfnEntry[] pfns = [PfnEntry.VideoMemory(0x1000, TranslationRights.Read), PfnEntry.VideoMemory(0x2000, TranslationRights.Read)];
        Assert.Equal(Errno.None, f.Space.PfnMap(Page.Shift, 0x40_1000UL, pfns));
        Assert.Equal(Errno.None, f.Space.PfnMap(Page.Shift, 0x80_0000UL, pfns));
        (ulong Start, ulong End, bool Has)[] ranges =
        [
            (0, 0x40_1000, false), (0, 0x40_1001, true), (0x40_2fff, 0x40_3000, true), (0x40_3000, 0x80_0000, false), (0x40_3000, 0x80_0001, true),
            (0x80_2000, 1UL << 50, false), (1UL << 50, 1UL << 51, false), (0x40_1000, 0x40_1000, false),
        ];
        Assert.All(ranges, range => Assert.Equal(range.Has, f.Space.HasPfns(new AddressRange(range.Start, range.End))));

        Assert.Equal(Errno.None, f.Space.PfnUnmap(new AddressRange(0x40_2000UL, 0x80_1000UL), out long pages));
        Assert.Equal(2, pages);
        Assert.Equal(Errno.None, f.Space.PfnUnmap(new AddressRange(0x40_2000UL, 0x80_1000UL), out pages));
        Assert.Equal(0, pages);
        Assert.True(f.Space.HasPfns(new AddressRange(0UL, ulong.MaxValue)));
        Assert.Equal(Errno.None, f.Space.PfnUnmap(f.Space.Bounds, out pages));
        Assert.Equal((2L, false), (pages, f.Space.HasPfns(new AddressRange(0UL, ulong.MaxValue))));
    }

    [Fact]
    public void Unmapping_flushes_before_it_releases_and_frees()
    {
        using var f = new AddressSpaceFixture();
        f.MapOk(0x20_0000, Host(1), Host(2), Video(0x3000));
        f.Journal.Take();
        f.Tlb.AtFlush = () => Assert.Equal(PageTableEntryKind.Invalid, f.Walk(0x20_0000).Kind);

        f.UnmapOk(0x20_0000, 0x20_1000);
        Assert.Equal("flush [0x200000, 0x201000) depth 4\nunmap pfn:0x1", f.Journal.Take());
        Assert.Equal(0UL, f.TableAt(0x20_1000, depth: 4)[0]);

        f.Tlb.AtFlush = () => Assert.Equal(0UL, f.Memory.Words(f.Space.Root.Address, 32)[0]);
        f.UnmapOk(0x20_0000, 0x40_0000);
        Assert.Equal(
            "flush [0x201000, 0x203000) depth 0\nunmap pfn:0x2\nfree 4096\nfree 4096\nfree 4096\nfree 4096",
            f.Journal.Take());
        Assert.Equal(RootBytes, f.Space.PageTableBytes);
    }

    [Theory]
    [InlineData(0x20_0000UL, 3, 1)]
    [InlineData(0x4000_0000UL, 2, 2)]
    [InlineData(0x40_0000_0000UL, 1, 3)]
    [InlineData(0x8000_0000_0000UL, 0, 4)]
    public void The_flush_goes_as_high_as_the_highest_directory_that_changed(ulong address, int depth, int freedTables)
    {
        using var f = new AddressSpaceFixture();
        f.MapOk(0, Video(0x1000));
        f.MapOk(address, Video(0x2000));
        f.Journal.Take();
        f.UnmapOk(address, address + 0x1000);
        string frees = string.Concat(Enumerable.Repeat("\nfree 4096", freedTables));
        Assert.Equal($"flush [0x{address:x}, 0x{address + 0x1000:x}) depth {depth}{frees}", f.Journal.Take());
    }

    [Fact]
    public void A_range_is_widened_to_the_pages_that_it_touches()
    {
        using var f = new AddressSpaceFixture();
        f.MapOk(0x1000, Host(1), Host(2), Host(3), Host(4));
        f.UnmapOk(0x2FFF, 0x3001);
        Assert.Equal(
            (true, false, false, true),
            (IsMapped(f, 0x1000), IsMapped(f, 0x2000), IsMapped(f, 0x3000), IsMapped(f, 0x4000)));
        Assert.Equal((2, 2), (f.Space.MappedPages, f.Dma.MappedPages));
    }

    [Fact]
    public void An_empty_range_touches_no_page()
    {
        using var f = new AddressSpaceFixture();
        f.MapOk(0x1000, Host(1));
        f.Journal.Take();
        f.UnmapOk(0x1800, 0x1800);
        Assert.Equal("", f.Journal.Take());
        Assert.True(IsMapped(f, 0x1000));
    }

    [Fact]
    public void Where_nothing_is_mapped_nothing_is_flushed()
    {
        using var f = new AddressSpaceFixture();
        f.MapOk(0x1000, Host(1));
        f.Journal.Take();
        f.UnmapOk(0x2000, 1UL << 49);
        f.UnmapOk(0, 0x1000);
        Assert.Equal("", f.Journal.Take());
    }

    [Fact]
    public void A_range_beyond_the_space_is_refused_and_touches_nothing()
    {
        using var f = new AddressSpaceFixture();
        f.MapOk((1UL << 49) - 0x1000, Host(1));
        f.Journal.Take();
        Assert.Equal(Errno.EINVAL, f.Space.PfnUnmap(new AddressRange(0, (1UL << 49) + 1)));
        Assert.Equal(Errno.EINVAL, f.Space.PfnUnmap(new AddressRange(1UL << 49, ulong.MaxValue)));
        Assert.Equal("", f.Journal.Take());
        Assert.Equal(1, f.Space.MappedPages);
    }

    [Fact]
    public void Many_tables_go_with_one_flush()
    {
        using var f = new AddressSpaceFixture();
        for (ulong i = 0; i < 40; i++)
        {
            f.MapOk(i << 30, Host(i));
        }

        Assert.Equal(0, f.Tlb.Count);
        f.UnmapOk(0, 1UL << 49);
        Assert.Equal(1, f.Tlb.Count);
        Assert.Equal((0, 0), (f.Space.MappedPages, f.Dma.MappedPages));
        Assert.Equal(RootBytes, f.Space.PageTableBytes);
    }

    [Fact]
    public void A_page_that_was_taken_back_reads_as_invalid_and_never_as_sparse()
    {
        using var f = new AddressSpaceFixture();
        f.MapOk(0x1000, Host(1), Host(2));
        bool seen = false;
        f.Tlb.AtFlush = () =>
        {
            // Host entries carry VOL; VOL without VALID would be sparse, and a load would read zero instead of faulting.
            seen = true;
            Assert.Equal(PageTableEntryKind.Invalid, f.Walk(0x1000).Kind);
            Assert.Equal(PageTableEntryKind.Page, f.Walk(0x2000).Kind);
        };
        f.UnmapOk(0x1000, 0x2000);
        Assert.True(seen);
    }

    [Fact]
    public void Disposal_unmaps_everything_and_flushes_before_the_root_is_freed()
    {
        var f = new AddressSpaceFixture();
        f.MapOk(0x1000, Host(1));
        f.Journal.Take();
        f.Dispose();
        Assert.Equal(
            "flush [0x0, 0x2000000000000) depth 0\nunmap pfn:0x1\nfree 32\nfree 4096\nfree 4096\nfree 4096\nfree 4096",
            f.Journal.Take());
        f.Space.Dispose();
        Assert.Equal("", f.Journal.Take());
        Assert.Throws<ObjectDisposedException>(() => f.Map(0x1000, Host(1)));
        Assert.Throws<ObjectDisposedException>(() => f.Space.PfnUnmap(new AddressRange(0, 0x1000)));
    }

    private static bool IsMapped(AddressSpaceFixture f, ulong address) => f.Walk(address).Kind == PageTableEntryKind.Page;
}
