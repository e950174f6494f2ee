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
    public void The_worked_example_of_the_readme_holds_to_the_bit()
    {
        using var f = new AddressSpaceFixture();
        PfnEntry request = Host(0x77, ReadWrite);
        Assert.Equal(0x77003UL, request.Bits);
        f.MapOk(0x7F12_3456_7000, request);

        ulong table = (f.TableAt(0x7F12_3456_7000, depth: 3)[325] >> 8) << 12;
        Assert.Equal((table >> 4) | (1UL << 1), f.TableAt(0x7F12_3456_7000, depth: 3)[325]);
        Assert.Equal(0x400_008DUL, f.Memory.Words(table, 4096)[359]);
        f.Tlb.AtFlush = () => Assert.Equal(0UL, f.Memory.Words(table, 4096)[359]);
        f.UnmapOk(0x7F12_3456_7000, 0x7F12_3456_8000);
        Assert.EndsWith(
            "flush [0x7f1234567000, 0x7f1234568000) depth 0\nunmap pfn:0x77\nfree 4096\nfree 4096\nfree 4096\nfree 4096",
            f.Journal.Take(),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_may_cross_tables_and_leave_pages_out()
    {
        using var f = new AddressSpaceFixture();
        var pfns = new PfnEntry[1025];
        for (ulong i = 0; i < 1025; i++)
        {
            pfns[i] = i % 3 == 1 ? PfnEntry.None : Video(i << 12, i % 2 == 0 ? All : ReadOnly);
        }

        const ulong Start = (1UL << 38) - (512 << 12) - 0x1000;
        f.MapOk(Start, pfns);
        for (ulong i = 0; i < 1025; i++)
        {
            DecodedEntry entry = f.Walk(Start + (i << 12));
            PageTableEntryKind kind = i % 3 == 1 ? PageTableEntryKind.Invalid : PageTableEntryKind.Page;
            Assert.Equal((kind, kind == PageTableEntryKind.Page ? i << 12 : 0), (entry.Kind, entry.Address));
        }

        Assert.Equal(1025 - 342, f.Space.MappedPages);

        // Pages 0 | 1 to 512 | 513 to 1024: three page tables, two PD0, two PD1 and one PD2.
        Assert.Equal(RootBytes + (8 * 4096), f.Space.PageTableBytes);
    }

    [Fact]
    public void No_table_is_made_where_nothing_is_to_be_mapped()
    {
        using var f = new AddressSpaceFixture();
        f.MapOk(Address);
        f.MapOk(Address, PfnEntry.None, PfnEntry.None);
        Assert.Equal("", f.Journal.Take());
        Assert.Equal(RootBytes, f.Space.PageTableBytes);
    }

    [Theory]
    [InlineData(16, 0x10000UL, 1)]
    [InlineData(21, 0x201000UL, 1)]
    [InlineData(0, 0x1000UL, 1)]
    [InlineData(12, 0x1001UL, 1)]
    [InlineData(12, 0x1800UL, 1)]
    [InlineData(12, 1UL << 49, 1)]
    [InlineData(12, (1UL << 49) - 0x1000, 2)]
    [InlineData(12, 0xFFFF_FFFF_FFFF_F000UL, 1)]
    [InlineData(12, 0xFFFF_FFFF_FFFF_F000UL, 2)]
    public void An_invalid_request_is_refused_and_touches_nothing(int pageShift, ulong address, int count)
    {
        using var f = new AddressSpaceFixture();
        var pfns = new PfnEntry[count];
        Array.Fill(pfns, Host(1));
        Assert.Equal(Errno.EINVAL, f.Space.PfnMap(pageShift, address, pfns));
        Assert.All(pfns, static pfn => Assert.True(pfn.IsValid));
        Assert.Equal("", f.Journal.Take());
    }

    [Fact]
    public void Video_memory_that_the_format_cannot_address_is_refused()
    {
        using var f = new AddressSpaceFixture();
        Assert.Equal(Errno.EINVAL, f.Map(Address, Host(1), Video(1UL << 58)));
        Assert.Equal("", f.Journal.Take());
        f.MapOk(Address, Host(1), Video((1UL << 58) - 0x1000));
    }

    [Fact]
    public void The_last_page_of_the_space_can_be_mapped()
    {
        using var f = new AddressSpaceFixture();
        f.MapOk((1UL << 49) - 0x1000, Host(1));
        Assert.Equal(PageTableEntryKind.Page, f.Walk((1UL << 49) - 1).Kind);
        Assert.Equal(PageTableEntryKind.Invalid, f.Space.Translate(1UL << 49).Kind);
    }

    [Fact]
    public void A_replaced_host_page_is_invalid_and_flushed_before_it_is_released_and_the_new_one_shows()
    {
        using var f = new AddressSpaceFixture();
        f.MapOk(Address, Host(1), Host(2), Host(3));
        f.Journal.Take();
        f.Tlb.AtFlush = () =>
        {
            Assert.Equal(PageTableEntryKind.Invalid, f.Walk(Address).Kind);
            Assert.Equal(PageTableEntryKind.Invalid, f.Walk(Address + 0x1000).Kind);
            Assert.Equal(PageTableEntryKind.Page, f.Walk(Address + 0x2000).Kind);
        };

        f.MapOk(Address, Host(11, ReadOnly), Video(0x9000));
        Assert.Equal(
            $"map pfn:0xb ToDevice\nflush [0x{Address:x}, 0x{Address + 0x2000:x}) depth 4\nunmap pfn:0x1\nunmap pfn:0x2",
            f.Journal.Take());
        Assert.Equal(3, f.Space.MappedPages);
        Assert.Equal(2, f.Dma.MappedPages);
        Assert.Equal(new FrameNumber(11), f.Dma.Resolve(f.Walk(Address).Address).Frame);
        Assert.Equal(0x9000UL, f.Walk(Address + 0x1000).Address);
    }

    [Fact]
    public void An_entry_that_is_not_valid_unmaps_what_is_there()
    {
        using var f = new AddressSpaceFixture();
        f.MapOk(Address, Host(1), Host(2), Host(3));
        f.MapOk(Address, Video(0x4000), PfnEntry.None, Video(0x5000));
        Assert.Equal((2, 0), (f.Space.MappedPages, f.Dma.MappedPages));
        Assert.Equal(PageTableEntryKind.Invalid, f.Walk(Address + 0x1000).Kind);
        Assert.Equal(0x5000UL, f.Walk(Address + 0x2000).Address);
    }

    [Theory]
    [InlineData(0x3000UL, All, 0x3000UL, All, false)]
    [InlineData(0x3000UL, ReadOnly, 0x3000UL, ReadWrite, false)]
    [InlineData(0x3000UL, ReadWrite, 0x3000UL, All, false)]
    [InlineData(0x3000UL, All, 0x3000UL, ReadWrite, true)]
    [InlineData(0x3000UL, ReadWrite, 0x3000UL, ReadOnly, true)]
    [InlineData(0x3000UL, All, 0x4000UL, All, true)]
    [InlineData(0x3000UL, ReadOnly, 0x4000UL, All, true)]
    public void Video_memory_is_changed_in_place_only_when_it_gains_rights(
        ulong before, TranslationRights had, ulong after, TranslationRights gets, bool flushes)
    {
        using var f = new AddressSpaceFixture();
        f.MapOk(Address, Video(before, had));
        f.MapOk(Address, Video(after, gets));
        Assert.Equal(flushes ? 1 : 0, f.Tlb.Count);
        Assert.Equal((after, gets), (f.Walk(Address).Address, f.Walk(Address).Rights));
        Assert.Equal(1, f.Space.MappedPages);
    }
}
