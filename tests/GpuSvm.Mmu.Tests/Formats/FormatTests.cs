using GpuSvm.Core;

namespace GpuSvm.Mmu.Tests.Formats;

/// <summary>What holds for every format. A class for each derives from this one.</summary>
public abstract class FormatTests<TFormat>
    where TFormat : struct, IPageTableFormat
{
    private const TranslationRights R = TranslationRights.Read;
    private const TranslationRights RWA = R | TranslationRights.Write | TranslationRights.Atomic;

    private static int LastDirectory => TFormat.LevelCount - 2;

    [Fact]
    public void The_levels_cover_all_bits_of_an_address_without_gap_or_overlap()
    {
        int top = TFormat.AddressBits;
        for (int depth = 0; depth <= LastDirectory; depth++)
        {
            Assert.Equal(top, TFormat.Directory(depth).Shift + TFormat.Directory(depth).IndexBits);
            top = TFormat.Directory(depth).Shift;
        }

        Assert.Equal((top, 12), (TFormat.SmallPageTable.Shift + TFormat.SmallPageTable.IndexBits, TFormat.SmallPageTable.Shift));
        Assert.Equal(top, TFormat.LargePageTable.Shift + TFormat.LargePageTable.IndexBits);
        Assert.Throws<ArgumentOutOfRangeException>(() => TFormat.Directory(TFormat.LevelCount - 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => TFormat.Directory(-1));
    }

    [Fact]
    public void The_highest_address_has_the_highest_index_at_every_level()
    {
        ulong last = (1UL << TFormat.AddressBits) - 1;
        foreach (TableLayout layout in Layouts())
        {
            Assert.Equal(layout.EntryCount - 1, layout.Index(last));
            Assert.Equal(0, layout.Index(0));
        }
    }

    [Fact]
    public void Page_types_descend_and_each_has_its_tables()
    {
        int[] shifts = [.. Enumerable.Range(0, TFormat.PageTypeCount).Select(i => TFormat.PageType(i).Shift)];
        Assert.Equal(shifts.OrderDescending().Distinct(), shifts);
        Assert.Equal(12, shifts[^1]);
        Assert.All(shifts, shift => Assert.Single(Layouts(), layout => layout.Shift == shift));
        Assert.All(
            Enumerable.Range(0, TFormat.PageTypeCount),
            i => Assert.Equal(HasSparse, TFormat.PageType(i).Can(PageTypeUses.Sparse)));
        Assert.Throws<ArgumentOutOfRangeException>(() => TFormat.PageType(TFormat.PageTypeCount));
        Assert.Throws<ArgumentOutOfRangeException>(() => TFormat.PageType(-1));
    }

    [Fact]
    public void Entries_that_map_nothing_say_what_they_are_for()
    {
        Assert.Equal(PageTableEntryKind.Invalid, TFormat.DecodeSmallPage(0).Kind);
        Assert.Equal(PageTableEntryKind.Invalid, TFormat.DecodeLargePage(0).Kind);
        Assert.Equal(Wanted(HasSparse, PageTableEntryKind.Sparse), TFormat.DecodeSmallPage(TFormat.SparsePage).Kind);
        Assert.Equal(Wanted(HasSparse, PageTableEntryKind.Sparse), TFormat.DecodeLargePage(TFormat.SparsePage).Kind);
        Assert.Equal(
            Wanted(TFormat.NoSmallPages != 0, PageTableEntryKind.NoSmallPages), TFormat.DecodeLargePage(TFormat.NoSmallPages).Kind);
        Assert.Equal(PageTableEntryKind.Invalid, TFormat.DecodeSmallPage(TFormat.NoSmallPages).Kind);
        for (int depth = 0; depth <= LastDirectory; depth++)
        {
            Assert.Equal(PageTableEntryKind.Invalid, TFormat.DecodeDirectory(depth, 0, 0).Kind);
            DecodedEntry sparse = TFormat.DecodeDirectory(depth, TFormat.SparseDirectory(depth), 0);
            Assert.Equal(Wanted(HasSparse, PageTableEntryKind.Sparse), sparse.Kind);
            Assert.Equal(TFormat.Directory(depth).Shift, sparse.Shift);
        }

        static PageTableEntryKind Wanted(bool has, PageTableEntryKind kind) => has ? kind : PageTableEntryKind.Invalid;
    }

    [Fact]
    public void Tables_that_are_named_come_back()
    {
        for (int depth = 0; depth <= LastDirectory; depth++)
        {
            TablePair[] pairs = depth < LastDirectory
                ? [new(0x1000), new(0x1F_FFFF_F000)]
                : [new(0x1000), new(0x1F_FFFF_F000), new(0, 0x2000), new(0x1000, 0x2000), new(0x1F_FFFF_F000, 0x1F_FFFF_F000)];
            foreach (TablePair pair in pairs)
            {
                TFormat.EncodeDirectory(depth, pair, out ulong low, out ulong high);
                DecodedEntry entry = TFormat.DecodeDirectory(depth, low, high);
                Assert.Equal((PageTableEntryKind.Table, pair), (entry.Kind, entry.Tables));
                Assert.True(TFormat.Directory(depth).EntryWords == 2 || high == 0);
            }

            TFormat.EncodeDirectory(depth, default, out ulong none, out ulong noneToo);
            Assert.Equal((0UL, 0UL), (none, noneToo));
            Assert.ThrowsAny<ArgumentException>(() => TFormat.EncodeDirectory(depth, new TablePair(0x1800), out _, out _));
            Assert.ThrowsAny<ArgumentException>(() => TFormat.EncodeDirectory(depth, new TablePair(1UL << 60), out _, out _));
        }
    }

    [Fact]
    public void A_page_comes_back_with_its_place_its_rights_and_its_attributes()
    {
        foreach (Aperture aperture in (Aperture[])[Aperture.VideoMemory, Aperture.SystemCoherent, Aperture.SystemNonCoherent])
        {
            for (int bits = 0; bits < 8; bits++)
            {
                var target = new PageTarget(aperture, 0x12_3456_7000);
                TranslationRights rights = (bits & 1) != 0 ? RWA : R;
                var attributes = (PageAttributes)(bits >> 1);
                ulong word = TFormat.EncodePage(target, rights, attributes, kind: 0);
                Assert.True(TFormat.IsValidPage(word));
                Assert.Equal(target, TFormat.TargetOf(word));
                foreach (DecodedEntry entry in (DecodedEntry[])[TFormat.DecodeSmallPage(word), TFormat.DecodeLargePage(word)])
                {
                    Assert.Equal((PageTableEntryKind.Page, rights, attributes), (entry.Kind, entry.Rights, entry.Attributes));
                    Assert.Equal((aperture, target.Address, word), (entry.Aperture, entry.Address, entry.RawBits));
                }
            }
        }

        Assert.Equal(
            TFormat.EncodePage(new PageTarget(0, 0x1000), RWA), TFormat.EncodePage(new PageTarget(0, 0x1000), RWA, PageAttributes.None, 0));
        Assert.Equal(
            TFormat.EncodePage(new PageTarget(Aperture.SystemCoherent, 0x1000), RWA),
            TFormat.EncodePage(new PageTarget(Aperture.SystemCoherent, 0x1000), RWA, PageAttributes.Volatile, 0));
    }

    [Fact]
    public void An_address_that_is_unaligned_or_too_wide_is_refused()
    {
        foreach (Aperture aperture in Enum.GetValues<Aperture>())
        {
            foreach (ulong address in (ulong[])[1, 0x800, 0x1001, 1UL << 58, 1UL << 63, ulong.MaxValue])
            {
                Assert.False(TFormat.CanAddress(new PageTarget(aperture, address)));
                Assert.ThrowsAny<ArgumentException>(() => TFormat.EncodePage(new PageTarget(aperture, address), RWA));
                Assert.ThrowsAny<ArgumentException>(() => TFormat.EncodePage(new PageTarget(aperture, address), RWA, 0, 0));
            }

            Assert.True(TFormat.CanAddress(new PageTarget(aperture, 0x1F_FFFF_F000)));
        }
    }

    [Fact]
    public void The_next_page_of_contiguous_memory_is_a_step_further()
    {
        for (int i = 0; i < TFormat.PageTypeCount; i++)
        {
            PageType type = TFormat.PageType(i);
            if (type.Can(PageTypeUses.VideoMemory))
            {
                Assert.Equal(
                    TFormat.EncodePage(new PageTarget(0, 3 * type.Size), R),
                    TFormat.EncodePage(new PageTarget(0, 2 * type.Size), R) + TFormat.PageStep(type.Shift));
            }
        }
    }

    [Fact]
    public void A_run_of_pages_of_video_memory_is_encoded_as_each_page_is()
    {
        var random = new SeededRandom(3);
        for (int length = 0; length < 20; length++)
        {
            var pfns = new PfnEntry[length];
            var words = new ulong[length + 1];
            for (int i = 0; i < length; i++)
            {
                pfns[i] = PfnEntry.VideoMemory(random.Next(1UL << 25) << 12, (TranslationRights)random.Next(8));
            }

            TFormat.EncodeVideoPages(pfns, words);
            Assert.Equal(0UL, words[length]);
            for (int i = 0; i < length; i++)
            {
                Assert.Equal(TFormat.EncodePage(new PageTarget(Aperture.VideoMemory, pfns[i].Address), pfns[i].Rights), words[i]);
            }
        }
    }

    [Fact]
    public void Only_more_rights_on_the_same_page_count_as_widening()
    {
        ulong word = TFormat.EncodePage(new PageTarget(0, 0x1000), R);
        ulong wider = TFormat.EncodePage(new PageTarget(0, 0x1000), RWA);
        Assert.Equal((true, true, false), (TFormat.OnlyWidens(word, word), TFormat.OnlyWidens(word, wider), TFormat.OnlyWidens(wider, word)));
        Assert.False(TFormat.OnlyWidens(word, TFormat.EncodePage(new PageTarget(0, 0x2000), RWA)));
        Assert.False(TFormat.OnlyWidens(word, TFormat.EncodePage(new PageTarget(Aperture.SystemCoherent, 0x1000), RWA)));
        Assert.False(TFormat.OnlyWidens(wider, TFormat.EncodePage(new PageTarget(0, 0x1000), RWA, PageAttributes.Volatile, 0)));
        Assert.False(TFormat.OnlyWidens(TFormat.EncodePage(new PageTarget(0, 0x1000), RWA, PageAttributes.Privileged, 0), wider));
    }

    [Fact]
    public void Junk_decodes_to_something_and_never_throws()
    {
        var random = new SeededRandom(7);
        for (ulong i = 0; i < 70_000; i++)
        {
            // All values of the low 16 bits under random high ones.
            ulong word = i < 65_536 ? (random.Next() & ~0xFFFFUL) | i : random.Next() & random.Next();
            DecodedEntry small = TFormat.DecodeSmallPage(word);
            DecodedEntry large = TFormat.DecodeLargePage(word);
            Assert.True(TFormat.IsValidPage(word) == (small.Kind == PageTableEntryKind.Page));
            Assert.True(TFormat.IsValidPage(word) == (large.Kind == PageTableEntryKind.Page));
            Assert.True(small.Kind is not (PageTableEntryKind.NoSmallPages or PageTableEntryKind.Table));
            Assert.True(large.Kind != PageTableEntryKind.Table);
            Assert.True(TFormat.SmallPageTable.Shift == small.Shift && TFormat.LargePageTable.Shift == large.Shift);
            for (int depth = 0; depth <= LastDirectory; depth++)
            {
                TableLayout layout = TFormat.Directory(depth);
                DecodedEntry entry = TFormat.DecodeDirectory(depth, word, layout.EntryWords == 2 ? random.Next() : 0);
                Assert.True(layout.Shift == entry.Shift);
                Assert.True((entry.Kind == PageTableEntryKind.Table) == (entry.Kind != PageTableEntryKind.Page && entry.Tables != default));
            }
        }
    }

    private static bool HasSparse => TFormat.SparsePage != 0;

    private static IEnumerable<TableLayout> Layouts() =>
        [.. Enumerable.Range(0, TFormat.LevelCount - 1).Select(TFormat.Directory), TFormat.SmallPageTable, TFormat.LargePageTable];
}
