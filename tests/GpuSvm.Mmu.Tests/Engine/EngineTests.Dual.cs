using GpuSvm.Core;
using GpuSvm.Mmu.Tests.Infrastructure;

namespace GpuSvm.Mmu.Tests.Engine;

/// <content>Large and small page tables below one directory entry.</content>
public abstract partial class EngineTests<TFormat>
{
    [Theory]
    [InlineData(PageTableSize.Small)]
    [InlineData(PageTableSize.Large)]
    public void Large_and_small_pages_live_below_one_directory_entry_whichever_comes_first(PageTableSize first)
    {
        ulong page = FormatRig<TFormat>.LargePage;
        using var f = new FormatRig<TFormat>(start: 0, size: FormatRig<TFormat>.Block);
        ulong small = f.Get(page, 12, align: FormatRig<TFormat>.LargeShift);
        ulong large = f.Get(page, FormatRig<TFormat>.LargeShift);
        MapOne(first);
        MapOne(first == PageTableSize.Small ? PageTableSize.Large : PageTableSize.Small);
        f.ExpectPages(small, page, 12, Target);
        f.ExpectPages(large, page, FormatRig<TFormat>.LargeShift, 2 * Target);
        Assert.Equal(
            FormatRig<TFormat>.DirectoryBytes + FormatRig<TFormat>.SmallTableBytes + FormatRig<TFormat>.LargeTableBytes,
            f.Space.PageTableBytes);

        // Over small pages in use the large entry says "ask the small table", elsewhere that there are none.
        Span<ulong> words = f.Words(large, PageTableSize.Large);
        for (int i = 0; i < words.Length; i++)
        {
            bool isSmall = (ulong)i * page == small;
            bool isLarge = (ulong)i * page == large;
            Assert.Equal(isSmall ? 0 : isLarge ? f.Walk(large).RawBits : TFormat.NoSmallPages, words[i]);
        }

        UnmapOne(first);
        UnmapOne(first == PageTableSize.Small ? PageTableSize.Large : PageTableSize.Small);
        f.ExpectOnlyTheRoot();

        void MapOne(PageTableSize size)
        {
            if (size == PageTableSize.Small)
            {
                f.MapOk(small, page, FormatRig<TFormat>.Video(Target, page, 12));
            }
            else
            {
                f.MapOk(large, page, FormatRig<TFormat>.Video(2 * Target, page, FormatRig<TFormat>.LargeShift));
            }
        }

        void UnmapOne(PageTableSize size)
        {
            f.UnmapOk(size == PageTableSize.Small ? small : large);
            Assert.Equal(PageTableEntryKind.Invalid, f.Kind(size == PageTableSize.Small ? small : large));
        }
    }

    [Fact]
    public void When_the_last_small_page_below_a_large_entry_goes_that_says_so_again()
    {
        ulong page = FormatRig<TFormat>.LargePage;
        using var f = new FormatRig<TFormat>(start: 0, size: FormatRig<TFormat>.Block);
        ulong other = f.Get(0x1000, 12, align: FormatRig<TFormat>.LargeShift);
        ulong small = f.Get(0x2000, 12, align: FormatRig<TFormat>.LargeShift);
        ulong large = f.Get(page, FormatRig<TFormat>.LargeShift);
        f.MapOk(other, 0x1000, FormatRig<TFormat>.Video(Target, 0x1000, 12));
        f.MapOk(large, page, FormatRig<TFormat>.Video(2 * Target, page, FormatRig<TFormat>.LargeShift));
        int index = (int)(small / page);
        Assert.Equal(TFormat.NoSmallPages, f.Words(large, PageTableSize.Large)[index]);

        // A large entry that says "no small pages" may be remembered: it is flushed before small ones are asked.
        f.Journal.Take();
        f.MapOk(small, 0x1000, FormatRig<TFormat>.Video(3 * Target, 0x1000, 12));
        f.MapOk(small + 0x1000, 0x1000, FormatRig<TFormat>.Video(4 * Target, 0x1000, 12));
        Assert.Equal(TFormat.NoSmallPages != 0 ? 1 : 0, f.Journal.Take().Split('\n').Count(line => line.StartsWith("flush", StringComparison.Ordinal)));
        Assert.Equal(0UL, f.Words(large, PageTableSize.Large)[index]);
        f.ExpectPages(small, 0x1000, 12, 3 * Target);

        f.UnmapOk(small);
        Assert.Equal(0UL, f.Words(large, PageTableSize.Large)[index]);
        f.ExpectPages(small + 0x1000, 0x1000, 12, 4 * Target);
        f.UnmapOk(small + 0x1000);
        Assert.Equal(TFormat.NoSmallPages, f.Words(large, PageTableSize.Large)[index]);
        f.ExpectKind(PageTableEntryKind.Invalid, small, page);
        f.ExpectPages(other, 0x1000, 12, Target);
    }

    [Fact]
    public void A_large_entry_that_said_there_are_no_small_pages_is_flushed_when_it_becomes_a_page()
    {
        ulong page = FormatRig<TFormat>.LargePage;
        using var f = new FormatRig<TFormat>(start: 0, size: FormatRig<TFormat>.Block);
        ulong address = f.Get(2 * page, FormatRig<TFormat>.LargeShift, flags: GetFlags.References);
        f.MapOk(address, page, FormatRig<TFormat>.Video(Target, page, FormatRig<TFormat>.LargeShift));
        Assert.Equal(TFormat.NoSmallPages != 0 ? 1 : 0, f.Tlb.Count);
        f.ExpectPages(address, page, FormatRig<TFormat>.LargeShift, Target);
    }

    [Fact]
    public void A_boot_takes_small_entries_below_large_pages_and_leaves_the_pages_alone_whether_it_fails_or_not()
    {
        ulong page = FormatRig<TFormat>.LargePage;
        using var f = new FormatRig<TFormat>(start: 0, size: 2 * FormatRig<TFormat>.Block);
        ulong address = f.Get(2 * page, FormatRig<TFormat>.LargeShift);
        f.MapOk(address, page, FormatRig<TFormat>.Video(Target, page, FormatRig<TFormat>.LargeShift));
        f.MapOk(address + page, page, FormatRig<TFormat>.Video(2 * Target, page, FormatRig<TFormat>.LargeShift));
        f.Memory.Failures.Allowed = 1;
        Assert.Equal(Errno.ENOMEM, f.Space.Boot());
        f.Memory.Failures.Allowed = -1;
        ExpectBoth();
        f.UnmapOk(address + page);
        Assert.Equal(TFormat.NoSmallPages, f.Words(address, PageTableSize.Large)[TFormat.LargePageTable.Index(address + page)]);
        f.MapOk(address + page, page, FormatRig<TFormat>.Video(2 * Target, page, FormatRig<TFormat>.LargeShift));

        Assert.Equal(Errno.None, f.Space.Boot());
        ExpectBoth();
        f.UnmapOk(address + page);
        Assert.Equal(0UL, f.Words(address, PageTableSize.Large)[TFormat.LargePageTable.Index(address + page)]);
        f.ExpectKind(PageTableEntryKind.Invalid, address + page, page);

        void ExpectBoth()
        {
            f.ExpectPages(address, page, FormatRig<TFormat>.LargeShift, Target);
            f.ExpectPages(address + page, page, FormatRig<TFormat>.LargeShift, 2 * Target);
        }
    }

    [Fact]
    public void A_page_in_a_directory_takes_the_place_of_tables_and_gives_it_back()
    {
        foreach (PageType type in FormatRig<TFormat>.Types(PageTypeUses.VideoMemory).Where(type => type.Size >= FormatRig<TFormat>.Block))
        {
            using var f = new FormatRig<TFormat>(start: 0, size: type.Size);
            for (int round = 0; round < 2; round++)
            {
                ulong address = f.Get(type.Size, type.Shift);
                f.MapOk(address, type.Size, FormatRig<TFormat>.Video(type.Size, type.Size, type.Shift));
                f.ExpectPages(address, type.Size, type.Shift, type.Size);
                f.PutOk(address);
                Assert.Equal(PageTableEntryKind.Invalid, f.Kind(0));
                address = f.Get(0x2000, 12);
                f.MapOk(address, 0x2000, FormatRig<TFormat>.Video(Target, 0x2000, 12));
                f.ExpectPages(address, 0x2000, 12, Target);
                f.PutOk(address);
                f.ExpectOnlyTheRoot();
            }
        }
    }
}
