using GpuSvm.Mmu.Tests.Infrastructure;
using static GpuSvm.Mmu.Tests.Infrastructure.SpaceRig;

namespace GpuSvm.Mmu.Tests.Spaces;

/// <summary>Large and small page tables under one directory entry: who answers for an address, and what is flushed when that changes.</summary>
public class DualTableTests
{
    private static readonly GpuMemoryObject Large = Video(1, 0x1000_0000, 0x20_0000, 16);
    private static readonly GpuMemoryObject Small = Video(2, 0x2000_0000, 0x20_0000, 12);

    [Fact]
    public void A_new_large_table_says_that_there_are_no_small_pages_except_above_small_ones()
    {
        using var rig = new SpaceRig();
        ulong area = rig.Get(0x200000, align: 21);
        rig.MapOk(area + 0x12000, 0x1000, Small);
        rig.Tlb.AtFlush = () => Assert.Equal(PageTableEntryKind.Page, rig.Kind(area + 0x12000));
        rig.MapOk(area + 0x20000, 0x10000, Large);
        Assert.Equal(1, rig.Tlb.Count);
        Assert.Equal(
            "page Large 0x0 1 0x20\npage Large 0x20000 1 0x1000001\npage Large 0x30000 29 0x20\npage Small 0x12000 1 0x2000001",
            rig.Pages());
    }

    [Fact]
    public void The_first_small_page_below_a_large_entry_opens_it_and_the_last_one_closes_it()
    {
        using var rig = new SpaceRig();
        ulong area = rig.Get(0x200000, align: 21);
        rig.MapOk(area, 0x10000, Large);
        rig.MapOk(area + 0x10000, 0x1000, Small);
        rig.MapOk(area + 0x11000, 0x1000, Small);
        Assert.Contains("page Large 0x20000 30 0x20", rig.Pages(), StringComparison.Ordinal);
        rig.UnmapOk(area + 0x10000);
        Assert.Contains("page Large 0x20000 30 0x20", rig.Pages(), StringComparison.Ordinal);
        rig.UnmapOk(area + 0x11000);
        Assert.Equal("page Large 0x0 1 0x1000001\npage Large 0x10000 31 0x20", rig.Pages());
    }

    [Fact]
    public void Below_a_sparse_large_entry_all_small_ones_are_sparse_before_they_are_asked()
    {
        using var rig = new SpaceRig();
        ulong area = rig.Get(0x10000, align: 16, flags: Sparse);
        int flushes = rig.Tlb.Count;
        rig.MapOk(area + 0x3000, 0x1000, Small);
        Assert.Equal(flushes + 1, rig.Tlb.Count);
        Assert.Equal(
            "page Large 0x10000 31 0x20\npage Small 0x0 3 0x8\npage Small 0x3000 1 0x2000001\npage Small 0x4000 12 0x8", rig.Pages());
        rig.UnmapOk(area + 0x3000);
        Assert.Contains("page Large 0x0 1 0x8", rig.Pages(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_page_of_2_MiB_and_tables_follow_each_other_in_a_sparse_area()
    {
        using var rig = new SpaceRig();
        GpuMemoryObject huge = Video(3, 0x4000_0000, 0x20_0000, 21);
        ulong area = rig.Get(0x200000, align: 21, flags: Sparse);
        rig.MapOk(area, 0x200000, huge);
        Assert.Equal((PageTableEntryKind.Page, 21, 0x4000_5000UL), rig.Walk(area + 0x5000));
        rig.UnmapOk(area);
        Assert.Equal(PageTableEntryKind.Sparse, rig.Kind(area));
        rig.MapOk(area + 0x1000, 0x1000, Small);
        Assert.Equal((PageTableEntryKind.Sparse, PageTableEntryKind.Page), (rig.Kind(area), rig.Kind(area + 0x1000)));
        rig.UnmapOk(area + 0x1000);
        rig.MapOk(area, 0x200000, huge);
        Assert.Equal(PageTableEntryKind.Page, rig.Kind(area));
    }

    [Fact]
    public void Memory_that_is_unmapped_beside_host_pages_leaves_their_DMA_mappings()
    {
        using var rig = new SpaceRig();
        var host = GpuMemoryObject.Contiguous(Aperture.SystemCoherent, 0x5000_0000, 0x1000, 12);
        ulong area = rig.Get(0x2000);
        rig.Pfns(12, area, new PfnEntry(0x1003));
        rig.MapOk(area + 0x1000, 0x1000, host);
        rig.UnmapOk(area + 0x1000);
        Assert.Equal((1, 1), (rig.Dma.MappedPages, host.References));
    }

    [Fact]
    public void Memory_is_released_when_the_TLB_is_flushed()
    {
        using var rig = new SpaceRig();
        var memory = Video(4, 0x6000_0000, 0x1000, 12);
        ulong area = rig.Get(0x1000);
        rig.MapOk(area, 0x1000, memory);
        Assert.True(!memory.Release());
        rig.Tlb.AtFlush = () => Assert.Equal((1, PageTableEntryKind.Invalid), (memory.References, rig.Kind(area)));
        rig.UnmapOk(area);
        Assert.Equal((0, 1), (memory.References, rig.Tlb.Count));
    }

    [Fact]
    public void A_booted_space_needs_no_table_for_a_small_page_ever_again()
    {
        using var rig = new SpaceRig(size: 0x400000);
        Assert.Equal(GpuSvm.Errno.None, rig.Space.Boot());
        Assert.Equal(GpuSvm.Errno.EINVAL, rig.Space.Boot());
        long tables = rig.Space.Counters.LiveTables;
        Assert.Equal(6, tables);
        ulong area = rig.Get(0x200000, align: 21, flags: Sparse);
        rig.MapOk(area + 0x5000, 0x1000, Small);
        Assert.Equal(tables, rig.Space.Counters.LiveTables);
        rig.MapOk(area + 0x10000, 0x10000, Large);
        Assert.Equal((PageTableEntryKind.Page, 16), (rig.Walk(area + 0x10000).Kind, rig.Walk(area + 0x10000).Shift));
        rig.UnmapOk(area + 0x10000);
        Assert.Equal(PageTableEntryKind.Sparse, rig.Kind(area + 0x10000));
        rig.MapOk(area + 0x11000, 0x1000, Small);
        Assert.Equal(0x2000_0000UL, rig.Walk(area + 0x11000).Address);
        rig.PutOk(area);
        Assert.Equal(tables, rig.Space.Counters.LiveTables);
    }

    [Fact]
    public void A_page_in_the_place_of_a_table_that_a_boot_made_is_flushed()
    {
        using var rig = new SpaceRig(size: 0x400000);
        Assert.Equal(GpuSvm.Errno.None, rig.Space.Boot());
        ulong area = rig.Get(0x200000, align: 21);
        rig.Journal.Take();
        rig.Pfns(21, area, PfnEntry.VideoMemory(0x4000_0000, AddressSpaceFixture.All));
        Assert.Equal("flush [0x0, 0x200000) depth 3", rig.Journal.Take());
        rig.PfnUnmapOk(area, 0x1000);
        rig.MapOk(area, 0x200000, Video(3, 0x4000_0000, 0x20_0000, 21));
        Assert.Equal("flush [0x0, 0x200000) depth 3\nflush [0x0, 0x200000) depth 3", rig.Journal.Take());
    }

    [Fact]
    public void Where_a_large_table_goes_the_device_forgets_everywhere_that_there_were_no_small_pages()
    {
        using var rig = new SpaceRig();
        ulong area = rig.Get(0x200000, align: 21);
        rig.MapOk(area + 0x1000, 0x1000, Small);
        rig.MapOk(area + 0x10000, 0x10000, Large);
        rig.Journal.Take();
        rig.UnmapOk(area + 0x10000);
        Assert.Equal("flush [0x0, 0x200000) depth 3\nfree 256", rig.Journal.Take());
        rig.MapOk(area + 0x100000, 0x1000, Small);
        Assert.Equal("", rig.Journal.Take());
    }

    [Fact]
    public void A_boot_leaves_pages_that_are_mapped_whether_it_succeeds_or_not()
    {
        using var rig = new SpaceRig(size: 0x800000);
        ulong area = rig.Get(0x800000);
        rig.MapOk(area, 0x10000, Large);
        rig.MapOk(area + 0x200000, 0x200000, Video(3, 0x4000_0000, 0x20_0000, 21));
        string before = rig.Dump();
        rig.Memory.Failures.Allowed = 2;
        Assert.Equal(GpuSvm.Errno.ENOMEM, rig.Space.Boot());
        Assert.Equal(before, rig.Dump());
        rig.Memory.Failures.Allowed = -1;
        Assert.Equal(GpuSvm.Errno.None, rig.Space.Boot());
        Assert.Equal((PageTableEntryKind.Page, 16, 0x1000_0000UL), rig.Walk(area));
        Assert.Equal((PageTableEntryKind.Page, 21, 0x4000_0000UL), rig.Walk(area + 0x200000));
        rig.UnmapOk(area);
        rig.MapOk(area + 0x1000, 0x1000, Small);
        Assert.Equal((PageTableEntryKind.Page, 12, 0x2000_0000UL), rig.Walk(area + 0x1000));
    }

    [Fact]
    public void A_boot_leaves_out_pages_that_begin_or_end_outside()
    {
        using var rig = new SpaceRig(start: 0x1ff800, size: 0x1000);
        Assert.Equal(GpuSvm.Errno.None, rig.Space.Boot());
        Assert.Equal(1, rig.Space.Counters.LiveTables);
        using var larger = new SpaceRig(start: 0x1ff800, size: 0x2000);
        Assert.Equal(GpuSvm.Errno.None, larger.Space.Boot());
        Assert.Equal(5, larger.Space.Counters.LiveTables);
    }
}
