using GpuSvm.Core;
using GpuSvm.Mmu.Tests.Infrastructure;

namespace GpuSvm.Mmu.Tests.Engine;

/// <content>Sparse areas, where the format has them.</content>
public abstract partial class EngineTests<TFormat>
{
    private const GetFlags SparseArea = GetFlags.Sparse | GetFlags.MapReferences;

    [Fact]
    public void A_format_without_sparse_entries_refuses_sparse_areas()
    {
        using var f = new FormatRig<TFormat>();
        Errno expected = FormatRig<TFormat>.HasSparse ? Errno.None : Errno.EINVAL;
        Assert.Equal(expected, f.TryGet(0x1000, flags: SparseArea));
        Assert.Equal(expected, f.TryGet(0x1000, 12, flags: SparseArea));
        Assert.Equal(expected, f.TryGet(0x1000, 12, flags: GetFlags.Sparse | GetFlags.References));
        if (expected != Errno.None)
        {
            f.ExpectOnlyTheRoot();
            Assert.Equal("", f.Journal.Take());
        }
    }

    [Fact]
    public void A_sparse_area_is_made_of_the_largest_blocks_that_fit()
    {
        foreach (PageType type in FormatRig<TFormat>.Types(PageTypeUses.Sparse))
        {
            if (type.Size > Limit / 4)
            {
                continue;
            }

            using var f = new FormatRig<TFormat>(start: type.Size, size: 2 * type.Size);
            ulong address = f.Get(2 * type.Size, flags: SparseArea);
            DecodedEntry entry = f.Walk(address);
            Assert.Equal((PageTableEntryKind.Sparse, type.Shift), (entry.Kind, entry.Shift));
            entry = f.Walk(address + (2 * type.Size) - 1);
            Assert.Equal((PageTableEntryKind.Sparse, type.Shift), (entry.Kind, entry.Shift));
            Assert.Equal(PageTableEntryKind.Invalid, f.Kind(address - 1));
            f.PutOk(address);
            f.ExpectOnlyTheRoot();
        }
    }

    [Fact]
    public void A_sparse_area_that_is_off_the_grid_is_sparse_everywhere_and_nowhere_else()
    {
        if (!FormatRig<TFormat>.HasSparse)
        {
            return;
        }

        ulong page = FormatRig<TFormat>.LargePage;
        using var f = new FormatRig<TFormat>(start: FormatRig<TFormat>.Block - page - 0x2000);
        ulong size = FormatRig<TFormat>.Block + (2 * page) + 0x5000;
        ulong address = f.Get(size, flags: SparseArea);
        f.ExpectKind(PageTableEntryKind.Sparse, address, size);
        f.ExpectKind(PageTableEntryKind.Invalid, address - 0x2000, 0x2000);
        f.ExpectKind(PageTableEntryKind.Invalid, address + size, 0x2000);
        f.PutOk(address);
        f.ExpectOnlyTheRoot();
    }

    [Fact]
    public void What_is_mapped_in_a_sparse_area_shows_and_is_sparse_again_afterwards()
    {
        if (!FormatRig<TFormat>.HasSparse)
        {
            return;
        }

        ulong block = FormatRig<TFormat>.Block;
        ulong page = FormatRig<TFormat>.LargePage;
        using var f = new FormatRig<TFormat>(start: block, size: block);
        ulong area = f.Get(block, flags: SparseArea);
        long bytes = f.Space.PageTableBytes;
        (ulong Offset, ulong Size, int Shift)[] maps =
            [(0x3000, 0x2000, 12), (page, page, FormatRig<TFormat>.LargeShift), (2 * page, 0x1000, 12)];
        for (int order = 0; order < 6; order++)
        {
            int[] sequence = [order / 2, (order / 2 + 1 + order % 2) % 3, (order / 2 + 2 - order % 2) % 3];
            foreach (int i in sequence)
            {
                f.MapOk(area + maps[i].Offset, maps[i].Size, FormatRig<TFormat>.Video(Target + maps[i].Offset, maps[i].Size, maps[i].Shift));
            }

            ExpectSparseBut(maps);
            foreach (int i in sequence)
            {
                f.UnmapOk(area + maps[i].Offset);
                Assert.Equal(PageTableEntryKind.Sparse, f.Kind(area + maps[i].Offset));
            }

            f.ExpectKind(PageTableEntryKind.Sparse, area, block);
            Assert.Equal(bytes, f.Space.PageTableBytes);
        }

        f.PutOk(area);
        f.ExpectOnlyTheRoot();

        void ExpectSparseBut(ReadOnlySpan<(ulong Offset, ulong Size, int Shift)> mapped)
        {
            ulong at = 0;
            foreach (var (offset, size, shift) in mapped)
            {
                f.ExpectKind(PageTableEntryKind.Sparse, area + at, offset - at);
                f.ExpectPages(area + offset, size, shift, Target + offset);
                at = offset + size;
            }

            f.ExpectKind(PageTableEntryKind.Sparse, area + at, block - at);
        }
    }

    [Fact]
    public void Sparse_pages_of_each_size_stand_beside_mapped_ones_of_the_other()
    {
        if (!FormatRig<TFormat>.HasSparse)
        {
            return;
        }

        ulong page = FormatRig<TFormat>.LargePage;
        using var f = new FormatRig<TFormat>(start: 0, size: FormatRig<TFormat>.Block);
        ulong small = f.Get(0x1000, 12, align: FormatRig<TFormat>.LargeShift);
        ulong sparseLarge = f.Get(page, FormatRig<TFormat>.LargeShift, flags: GetFlags.Sparse | GetFlags.References);
        ulong sparseSmall = f.Get(0x1000, 12, align: FormatRig<TFormat>.LargeShift, flags: GetFlags.Sparse | GetFlags.References);
        ulong large = f.Get(page, FormatRig<TFormat>.LargeShift);
        f.MapOk(small, 0x1000, FormatRig<TFormat>.Video(Target, 0x1000, 12));
        f.MapOk(large, page, FormatRig<TFormat>.Video(2 * Target, page, FormatRig<TFormat>.LargeShift));
        f.ExpectPages(small, 0x1000, 12, Target);
        f.ExpectPages(large, page, FormatRig<TFormat>.LargeShift, 2 * Target);
        f.ExpectKind(PageTableEntryKind.Sparse, sparseLarge, page);
        Assert.Equal(PageTableEntryKind.Sparse, f.Kind(sparseSmall));
        Assert.Equal(PageTableEntryKind.Invalid, f.Kind(sparseSmall + 0x1000));
        f.PutOk(sparseLarge);
        f.PutOk(sparseSmall);
        f.ExpectKind(PageTableEntryKind.Invalid, sparseLarge, page);
        Assert.Equal(PageTableEntryKind.Invalid, f.Kind(sparseSmall));
        f.ExpectPages(small, 0x1000, 12, Target);
        f.ExpectPages(large, page, FormatRig<TFormat>.LargeShift, 2 * Target);
    }

    [Fact]
    public void Small_pages_below_a_sparse_large_entry_are_as_sparse_as_it_was_and_no_longer_than_it_is()
    {
        if (!FormatRig<TFormat>.HasSparse)
        {
            return;
        }

        ulong page = FormatRig<TFormat>.LargePage;
        using var f = new FormatRig<TFormat>(start: 0, size: FormatRig<TFormat>.Block);

        // A small table is there already, and is not sparse.
        ulong small = f.Get(0x1000, 12, align: FormatRig<TFormat>.LargeShift);
        f.MapOk(small, 0x1000, FormatRig<TFormat>.Video(Target, 0x1000, 12));
        ulong area = f.Get(2 * page, flags: SparseArea, align: FormatRig<TFormat>.LargeShift);
        Assert.Equal(FormatRig<TFormat>.LargeShift, f.Walk(area).Shift);
        f.MapOk(area + 0x1000, 0x1000, FormatRig<TFormat>.Video(2 * Target, 0x1000, 12));
        f.ExpectPages(area + 0x1000, 0x1000, 12, 2 * Target);
        Assert.Equal(PageTableEntryKind.Sparse, f.Kind(area));
        f.ExpectKind(PageTableEntryKind.Sparse, area + 0x2000, (2 * page) - 0x2000);
        f.UnmapOk(area + 0x1000);
        f.ExpectKind(PageTableEntryKind.Sparse, area, 2 * page);
        f.PutOk(area);
        f.ExpectKind(PageTableEntryKind.Invalid, area, 2 * page);

        // Small entries are asked again here, and have nothing left of it.
        Assert.Equal(area, f.Get(2 * page, 12, align: FormatRig<TFormat>.LargeShift));
        f.MapOk(area, 0x1000, FormatRig<TFormat>.Video(2 * Target, 0x1000, 12));
        f.ExpectPages(area, 0x1000, 12, 2 * Target);
        f.ExpectKind(PageTableEntryKind.Invalid, area + 0x1000, (2 * page) - 0x1000);
    }
}
