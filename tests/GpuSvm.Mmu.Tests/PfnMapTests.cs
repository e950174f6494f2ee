using GpuSvm.Core;
using GpuSvm.Mmu.Tests.Infrastructure;
using static GpuSvm.Mmu.Tests.Infrastructure.AddressSpaceFixture;

namespace GpuSvm.Mmu.Tests;

public class PfnMapTests
{
    private const ulong Address = 0x1_2345_6789_a000;

    [Fact]
    public void A_host_page_is_found_by_the_walk_at_its_device_address()
    {
        using var f = new AddressSpaceFixture();
        f.MapOk(Address, Host(0x77));

        DecodedEntry entry = f.Walk(Address + 0x123);
        Assert.Equal(PageTableEntryKind.Page, entry.Kind);
        Assert.Equal(12, entry.Shift);
        Assert.Equal(Aperture.SystemCoherent, entry.Aperture);
        Assert.Equal(All, entry.Rights);
        Assert.True(entry.IsVolatile);
        Assert.False(entry.IsPrivileged);
        Assert.Equal((new FrameNumber(0x77), DmaDirection.Bidirectional), f.Dma.Resolve(entry.Address));
        Assert.Equal(entry.Address + 0x123, entry.Translate(Address + 0x123));
        Assert.Equal(entry, f.Space.Translate(Address));
        Assert.Equal(1, f.Space.MappedPages);
        Assert.Equal(OneLeafBytes, f.Space.PageTableBytes);
    }

    [Fact]
    public void A_new_page_needs_four_tables_and_no_flush()
    {
        using var f = new AddressSpaceFixture();
        f.MapOk(Address, Host(0x77));
        Assert.Equal("alloc 4096\nalloc 4096\nalloc 4096\nalloc 4096\nmap pfn:0x77 Bidirectional", f.Journal.Take());

        f.MapOk(Address + Page.Size, Host(0x78, ReadOnly));
        Assert.Equal("map pfn:0x78 ToDevice", f.Journal.Take());
        Assert.Equal(ReadOnly, f.Walk(Address + Page.Size).Rights);
    }

    [Fact]
    public void Unmapping_flushes_before_it_releases_and_frees()
    {
        using var f = new AddressSpaceFixture();
        f.MapOk(0x20_0000, Host(1), Host(2), Video(0x3000));
        f.Journal.Take();

        f.UnmapOk(0x20_0000, 0x20_1000);
        Assert.Equal("flush [0x200000, 0x201000) depth 4\nunmap pfn:0x1", f.Journal.Take());

        f.UnmapOk(0x20_0000, 0x40_0000);
        Assert.Equal(
            "flush [0x200000, 0x400000) depth 0\nunmap pfn:0x2\nfree 4096\nfree 4096\nfree 4096\nfree 4096",
            f.Journal.Take());
        Assert.Equal(RootBytes, f.Space.PageTableBytes);
    }
}
