using GpuSvm.Core;
using GpuSvm.Mmu.Formats.Gp100;
using GpuSvm.Mmu.Tests.Infrastructure;
using static GpuSvm.Mmu.Tests.Infrastructure.SpaceRig;

namespace GpuSvm.Mmu.Tests.Spaces;

/// <summary>What the original gets wrong: known defects V01 to V32, a test each, named after what is required.</summary>
public class DefectTests
{
    private const ulong Large = 1 << 21;

    private static PfnEntry Vram(ulong address) => new(address | 0x13);

    private static PfnEntry Host(ulong address) => new(address | 0x3);

    private static PfnEntry[] Run(int count, PfnEntry first, ulong step = 0x1000) =>
        [.. Enumerable.Range(0, count).Select(i => new PfnEntry(first.Bits + ((ulong)i * step)))];

    [Theory]
    [InlineData(GpuAddressSpaceManagement.Managed, 0UL, 1UL << 50)]
    [InlineData(GpuAddressSpaceManagement.Managed, 1UL << 63, 1UL << 63)]
    [InlineData(GpuAddressSpaceManagement.Unmanaged, 1UL << 49, 0UL)]
    [InlineData(GpuAddressSpaceManagement.Unmanaged, 0x1000UL, 1UL << 49)]
    [InlineData(GpuAddressSpaceManagement.Unmanaged, 0x1000UL, ulong.MaxValue)]
    public void V01_A_range_that_the_format_does_not_have_is_refused_and_nothing_leaks(
        GpuAddressSpaceManagement management, ulong start, ulong size)
    {
        var journal = new Journal();
        var memory = new RecordingPageTableMemory(journal);
        var options = new GpuAddressSpaceOptions { Management = management, Start = start, Size = size };
        Assert.Equal(Errno.EINVAL, GpuAddressSpace.TryCreate<Gp100Format>(
            memory, new RecordingDmaMapper(journal), new RecordingTlb(journal), options, out GpuAddressSpace? space));
        Assert.Null(space);
        Assert.Equal(0, memory.LiveBytes);
    }

    [Fact]
    public void V03_V04_V05_Sizes_and_offsets_that_make_no_sense_are_refused()
    {
        using var rig = new SpaceRig(start: 0x1f0000);
        GpuMemoryObject memory = Video(1, 0x10000000, 0x10000, 16);
        ulong area = rig.Get(0x400000, 16);
        string before = rig.Dump();
        Assert.Equal(Errno.EINVAL, rig.Space.Map(area, 0, memory));
        Assert.Equal(Errno.EINVAL, rig.Space.Map(area + 0x2e0000, unchecked(0UL - 0x2e0000), memory));
        Assert.Equal(Errno.EINVAL, rig.Space.Map(area, 0x10000, memory, unchecked(0UL - 0x10000)));
        Assert.Equal(Errno.EINVAL, rig.Space.Map(area, 0x10000, memory, 0x10000));
        Assert.Equal(before, rig.Dump());
    }

    [Fact]
    public void V06_V07_A_map_that_fails_over_a_mapping_leaves_the_mapping_whole()
    {
        using var rig = new SpaceRig();
        GpuMemoryObject memory = Video(1, 0x10000000, 0x10000, 12);
        ulong area = rig.Get(0x10000);
        rig.MapOk(area + 0x8000, 0x1000, memory);
        string before = rig.Dump();
        Assert.Equal(Errno.EINVAL, rig.Space.Map(area + 0x8000, 0x1000, memory, 0x10000));
        Assert.Equal(before, rig.Dump());
        Assert.Equal((2, 0x10000008UL), (memory.References, rig.Walk(area + 0x8008).Address));
        rig.PutOk(area);
        Assert.Equal(1, memory.References);
    }

    [Fact]
    public void V08_A_pfn_map_without_memory_for_tables_clears_V_and_leaves_the_state()
    {
        using var rig = new SpaceRig();
        ulong area = rig.Get(0x10000);
        string before = rig.Dump();
        for (int site = 0; site < 4; site++)
        {
            rig.Memory.Failures.Allowed = site;
            PfnEntry[] pfns = [Vram(0x1000000)];
            Assert.Equal(Errno.ENOMEM, rig.Space.PfnMap(12, area, pfns));
            Assert.False(pfns[0].IsValid);
            Assert.Equal(before, rig.Dump());
            rig.Check();
        }
    }

    [Fact]
    public void V09_A_small_page_over_a_large_one_takes_the_large_one_back_whole()
    {
        using var rig = new SpaceRig();
        ulong area = rig.Get(Large, align: 21);
        rig.Pfns(21, area, Vram(0x10000000));
        rig.Tlb.AtFlush = () => Assert.Equal(PageTableEntryKind.Invalid, rig.Kind(area + 0x5000));
        rig.Pfns(12, area + 0x5000, Vram(0x20000000));
        Assert.Equal(1, rig.Tlb.Count);
        Assert.Equal((PageTableEntryKind.Page, 12, 0x20000000UL), rig.Walk(area + 0x5000));
        Assert.Equal(PageTableEntryKind.Invalid, rig.Kind(area + 0x4000));
        Assert.Equal(PageTableEntryKind.Invalid, rig.Kind(area + 0x6000));
        Assert.Equal(1, rig.Space.MappedPages);
        rig.Check();
    }

    [Fact]
    public void V09_A_large_page_over_small_ones_takes_them_back()
    {
        using var rig = new SpaceRig();
        ulong area = rig.Get(2 * Large, align: 21);
        rig.Pfns(12, area, Host(0x1000), Host(0x2000));
        rig.Pfns(12, area + 0x1ff000, Host(0x3000), Host(0x4000));
        rig.Pfns(21, area, Host(0x200000));
        Assert.Equal((PageTableEntryKind.Page, 21), (rig.Walk(area).Kind, rig.Walk(area).Shift));
        Assert.Equal(new FrameNumber(0x200), rig.Dma.Resolve(rig.Walk(area).Address).Frame);
        Assert.Equal((2, 513), (rig.Dma.MappedPages, rig.Space.MappedPages));
        Assert.Equal(PageTableEntryKind.Page, rig.Kind(area + Large));
        rig.Check();
        rig.PfnUnmapOk(area, 2 * Large);
        Assert.Equal($"area 0x0 0x400000 Used|MapReferences -1 -1 -\narea 0x400000 0x1ffffffc00000 None -1 -1 -", rig.Areas());
    }

    [Fact]
    public void V09_A_page_that_cannot_be_mapped_over_others_leaves_them()
    {
        using var rig = new SpaceRig();
        ulong area = rig.Get(2 * Large, align: 21);
        rig.Pfns(21, area, Host(0x200000), Host(0x400000));
        string before = rig.Dump();
        for (int site = 0; site < 4; site++)
        {
            rig.Memory.Failures.Allowed = site == 0 ? 0 : -1;
            rig.Dma.Failures.Allowed = site == 1 ? 0 : -1;
            rig.AreaFailures.Allowed = site >= 2 ? site - 2 : -1;
            PfnEntry[] pfns = [Vram(0x1000)];
            Assert.Equal(site == 1 ? Errno.None : Errno.ENOMEM, rig.Space.PfnMap(12, area + 0x3000, pfns));
            if (site != 1)
            {
                Assert.False(pfns[0].IsValid);
                Assert.Equal(before, rig.Dump());
            }
            else
            {
                // Video memory needs no DMA address.
                rig.Dma.Failures.Allowed = -1;
                rig.Pfns(21, area, Host(0x200000));
                before = rig.Dump();
            }

            rig.Check();
        }

        rig.AreaFailures.Allowed = -1;
    }

    [Fact]
    public void V10_Neighbours_merge_only_when_their_page_size_is_equal()
    {
        using var rig = new SpaceRig();
        ulong area = rig.Get(2 * Large, align: 21);
        rig.Pfns(21, area + Large, Vram(0x10000000));
        rig.Pfns(12, area + Large - 0x1000, Vram(0x20000000));
        Assert.Contains("area 0x1ff000 0x1000 Used|MapReferences|Part|Mapped -1 5 -\narea 0x200000 0x200000", rig.Areas(), StringComparison.Ordinal);
        rig.PutOk(area);
    }

    [Fact]
    public void V11_Unmapping_a_part_of_a_large_page_unmaps_all_of_it()
    {
        using var rig = new SpaceRig();
        ulong area = rig.Get(2 * Large, align: 21);
        rig.Pfns(21, area, Host(0x200000), Host(0x400000));
        rig.PfnUnmapOk(area + 0x1000, 0x1000);
        Assert.Equal(PageTableEntryKind.Invalid, rig.Kind(area));
        Assert.Equal(PageTableEntryKind.Page, rig.Kind(area + Large));
        Assert.Equal((1, 512), (rig.Dma.MappedPages, rig.Space.MappedPages));
    }

    [Fact]
    public void V12_Unmapping_an_unaligned_range_unmaps_all_pages_that_it_touches_and_never_a_memory_object()
    {
        using var rig = new SpaceRig();
        ulong area = rig.Get(0x10000);
        rig.Pfns(12, area, Run(4, Vram(0x1000000)));
        rig.MapOk(area + 0x4000, 0x1000, Video(1, 0x10000000, 0x1000, 12));
        rig.PfnUnmapOk(area + 0x1800, 0x1000);
        rig.PfnUnmapOk(area + 0x3fff, 2);
        Assert.Equal(
            [true, false, false, false, true],
            Enumerable.Range(0, 5).Select(i => rig.Kind(area + ((ulong)i << 12)) == PageTableEntryKind.Page));
    }

    [Fact]
    public void V13_V14_Pages_over_an_edge_inside_a_page_are_rejected_and_nothing_outside_the_array_is_written()
    {
        using var rig = new SpaceRig(GpuAddressSpaceManagement.Managed, 0x20000000, 0x1000000);
        rig.MapOk(0x190000, 0x10000, Video(1, 0x89cd00000, 0x10000, 16));
        var pfns = new PfnEntry[3];
        Array.Fill(pfns, Vram(0x10000000));
        Assert.Equal(Errno.None, rig.Space.PfnMap(21, 0, pfns.AsSpan(1, 1)));
        Assert.Equal([true, false, true], pfns.Select(static pfn => pfn.IsValid));

        using var other = new SpaceRig();
        other.Get(0x1800);
        Assert.Equal([true, false], other.Pfns(12, 0, Run(2, Vram(0x1000000))).Select(static pfn => pfn.IsValid));
    }

    [Fact]
    public void V15_V16_Free_space_takes_no_pages()
    {
        using var rig = new SpaceRig(size: 0x100000);
        rig.Get(0x10000);
        rig.PutOk(rig.Get(0x10000));
        PfnEntry[] pfns = rig.Pfns(12, 0xf000, Run(4, Vram(0x1000000)));
        Assert.Equal([true, false, false, false], pfns.Select(static pfn => pfn.IsValid));
        Assert.Equal(Errno.ENOENT, rig.Space.PfnMap(12, 0x10000, pfns));
        Assert.Equal("area 0x10000 0xf0000 None -1 -1 -", rig.Areas().Split('\n')[^1]);
    }

    [Fact]
    public void V17_What_is_unmapped_by_pfn_in_a_sparse_area_is_sparse_again()
    {
        using var rig = new SpaceRig();
        ulong area = rig.Get(0xf000, align: 12, flags: Sparse);
        rig.Pfns(12, area + 0x1000, Vram(0x1000000), Host(0x1000));
        rig.PfnUnmapOk(area + 0x1000, 0x1000);
        rig.Pfns(12, area + 0x2000, PfnEntry.None);
        Assert.Equal((PageTableEntryKind.Sparse, PageTableEntryKind.Sparse), (rig.Kind(area + 0x1000), rig.Kind(area + 0x2000)));
    }

    [Fact]
    public void V18_A_large_table_made_beside_a_small_one_of_a_sparse_block_is_sparse()
    {
        using var rig = new SpaceRig();
        ulong area = rig.Get(Large, align: 21, flags: Sparse);
        rig.MapOk(area, 0x1000, Video(2, 0x20000000, Large, 12));
        rig.MapOk(area + 0x10000, 0x10000, Video(1, 0x10000000, Large, 16));
        Assert.Equal(PageTableEntryKind.Sparse, rig.Kind(area + 0x1000));
        rig.UnmapOk(area);
        Assert.Equal((PageTableEntryKind.Sparse, PageTableEntryKind.Sparse), (rig.Kind(area), rig.Kind(area + 0x1000)));
        rig.UnmapOk(area + 0x10000);
        Assert.Equal(PageTableEntryKind.Sparse, rig.Kind(area + 0x10000));
    }

    [Fact]
    public void V19_Nothing_stays_sparse_when_the_area_is_put()
    {
        using var rig = new SpaceRig();
        GpuMemoryObject memory = Video(1, 0x10000000, 0x10000, 12);
        ulong area = rig.Get(0x10000, align: 16, flags: Sparse);
        ulong other = rig.Get(0x1000);
        rig.MapOk(area, 0x1000, memory);
        rig.MapOk(other, 0x1000, memory);
        Assert.Equal(PageTableEntryKind.Sparse, rig.Kind(area + 0x2000));
        rig.PutOk(area);
        Assert.Equal(PageTableEntryKind.Invalid, rig.Kind(area + 0x2000));
        rig.Check();
        rig.UnmapOk(other);
        Assert.Equal("", rig.Pages());
    }

    [Fact]
    public void V20_A_map_that_runs_out_of_memory_in_a_sparse_area_leaves_it_sparse()
    {
        using var rig = new SpaceRig();
        GpuMemoryObject memory = Video(1, 0x10000000, 2 * Large, 12);
        ulong area = rig.Get(2 * Large, align: 21, flags: Sparse);
        rig.MapOk(area + 0x1f0000, 0x1000, memory);
        rig.Memory.Failures.Allowed = 0;
        Assert.Equal(Errno.ENOMEM, rig.Space.Map(area + 0x1fe000, 0x4000, memory));
        Assert.Equal(PageTableEntryKind.Sparse, rig.Kind(area + 0x1fe000));
        rig.Check();
    }

    [Fact]
    public void V21_V22_A_replaced_page_gives_its_DMA_address_back()
    {
        using var rig = new SpaceRig();
        ulong area = rig.Get(0x2000);
        rig.Pfns(12, area, Host(0x1000), Host(0x2000));
        rig.Pfns(12, area, Host(0x3000), Vram(0x2000));
        Assert.Equal(1, rig.Dma.MappedPages);
        rig.PfnUnmapOk(area, 0x2000);
        Assert.Equal(0, rig.Dma.MappedPages);
    }

    [Fact]
    public void V23_What_the_client_manages_cannot_be_put()
    {
        using var rig = new SpaceRig(GpuAddressSpaceManagement.Managed, 0x20000000, 0x1000000);
        Assert.Equal(Errno.ENOENT, rig.Space.Put(0));
        Assert.Equal(Errno.ENOENT, rig.Space.Put(0x21000000));
        Assert.Equal(Errno.ENOSPC, rig.TryGet(0x2000000));
        Assert.Equal(0x20000000UL, rig.Get(0x1000000));
    }

    [Fact]
    public void V24_An_alignment_that_is_no_number_of_64_bits_is_refused()
    {
        using var rig = new SpaceRig(start: 0x1000, size: 0x1010000);
        Assert.Equal(Errno.EINVAL, rig.TryGet(Large, 21, 76, References));
        Assert.Equal(Errno.EINVAL, rig.TryGet(Large, 21, 64));
        Assert.Equal(Errno.ENOSPC, rig.TryGet(Large, 21, 63));
        Assert.Equal(Errno.EINVAL, rig.TryGet(Large, 21, -1));
    }

    [Fact]
    public void V25_A_pfn_unmap_that_cannot_split_takes_more_back_and_releases_once()
    {
        using var rig = new SpaceRig();
        ulong area = rig.Get(0x10000);
        rig.Pfns(12, area, Run(16, Vram(0x1000000)));
        for (int site = 0; site < 2; site++)
        {
            rig.Pfns(12, area, Run(16, Vram(0x1000000)));
            rig.AreaFailures.Allowed = site;
            rig.PfnUnmapOk(area + 0x4000, 0x1000);
            rig.AreaFailures.Allowed = -1;
            Assert.Equal((PageTableEntryKind.Invalid, 0), (rig.Kind(area + 0x4000), rig.Space.MappedPages));
            rig.Check();
        }
    }

    [Fact]
    public void V26_A_large_page_over_two_allocations_is_rejected()
    {
        using var rig = new SpaceRig();
        rig.Get(0x1ff000, align: 21);
        rig.Get(0x1000);
        string before = rig.Dump();
        Assert.False(rig.Pfns(21, 0, Vram(0x10000000))[0].IsValid);
        Assert.Equal(before, rig.Dump());
    }

    [Fact]
    public void V27_Entries_that_are_not_valid_unmap_with_the_page_size_of_what_is_there()
    {
        using var rig = new SpaceRig();
        ulong area = rig.Get(Large, align: 21);
        rig.Pfns(12, area, Run(512, Vram(0x1000000)));
        rig.Pfns(21, area, PfnEntry.None);
        Assert.Equal(0, rig.Space.MappedPages);
        rig.Check();
        rig.Pfns(21, area, Vram(0x1000000));
        rig.Pfns(12, area + 0x7000, PfnEntry.None);
        Assert.Equal(0, rig.Space.MappedPages);
    }

    [Fact]
    public void V28_V29_V30_Runs_of_gigabytes_are_counted_right()
    {
        using var rig = new SpaceRig();
        ulong area = rig.Get(0x1_0020_0000, align: 21);
        PfnEntry[] pfns = [.. Run(2048, Vram(0x10000000), Large), PfnEntry.None];
        rig.Pfns(21, area, pfns);
        Assert.Equal((2048 * 512, PageTableEntryKind.Invalid), (rig.Space.MappedPages, rig.Kind(area + 0x1_0000_0000)));
        Assert.Equal(0x10000000UL + 0xffff_f000, rig.Walk(area + 0xffff_f000).Address);
        rig.Pfns(21, area, new PfnEntry[2048]);
        Assert.Equal(0, rig.Space.MappedPages);
        rig.Pfns(21, area, new PfnEntry[2048]);
    }

    [Fact]
    public void V31_V32_The_part_of_an_offset_inside_a_page_counts_for_arrays_of_pages_too()
    {
        using var rig = new SpaceRig();
        ulong[] pages = [.. Enumerable.Range(0, 64).Select(i => 0x80000000UL + ((ulong)i * 0x1000))];
        var scattered = GpuMemoryObject.FromPages(Aperture.SystemCoherent, [0x9000, 0x3000, 0x7000], 12);
        var large = GpuMemoryObject.FromPages(Aperture.VideoMemory, pages, 16);
        Assert.Equal((16, 12), (large.PageShift, scattered.PageShift));
        ulong area = rig.Get(0x20000, align: 16);
        Assert.Equal(Errno.EINVAL, rig.Space.Map(area, 0x10000, large, unchecked(0UL - 0x10000)));
        rig.MapOk(area, 0x20000, large, 0x10000);
        Assert.Equal((PageTableEntryKind.Page, 16, 0x80022345UL), rig.Walk(area + 0x12345));
        rig.UnmapOk(area);
        rig.MapOk(area, 0x2000, scattered, 0x1000);
        Assert.Equal((0x3000UL, 0x7008UL), (rig.Walk(area).Address, rig.Walk(area + 0x1008).Address));
    }
}
