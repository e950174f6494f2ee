using GpuSvm.Mmu.Formats.Gp100;
using GpuSvm.Mmu.Tests.Infrastructure;

namespace GpuSvm.Mmu.Tests;

/// <summary>Walks over tables written by hand, so that the dual entry is read right before anything writes one.</summary>
public class PageTableCursorTests
{
    private const ulong Address = 0x12_3000;
    private const int SmallIndex = 0x123;
    private const int LargeIndex = 0x12;
    private const ulong SmallPage = 0x5005;
    private const ulong LargePage = 0x10_0001;

    private readonly RecordingPageTableMemory _memory = new(new Journal());
    private readonly ulong _small;
    private readonly ulong _large;

    public PageTableCursorTests()
    {
        _small = NewTable(Gp100Format.SmallPageTable);
        _large = NewTable(Gp100Format.LargePageTable);
    }

    [Theory]
    [InlineData(LargePage, SmallPage, PageTableEntryKind.Page, 16)]
    [InlineData(0UL, SmallPage, PageTableEntryKind.Page, 12)]
    [InlineData(0UL, 0UL, PageTableEntryKind.Invalid, 12)]
    [InlineData(0UL, 0x8UL, PageTableEntryKind.Sparse, 12)]
    [InlineData(0x8UL, SmallPage, PageTableEntryKind.Sparse, 16)]
    [InlineData(0x20UL, SmallPage, PageTableEntryKind.Invalid, 16)]
    public void The_small_table_is_asked_only_when_the_large_one_says_nothing(
        ulong largeWord, ulong smallWord, PageTableEntryKind kind, int shift)
    {
        Write(_large, Gp100Format.LargePageTable, LargeIndex, largeWord);
        Write(_small, Gp100Format.SmallPageTable, SmallIndex, smallWord);
        DecodedEntry entry = Walk(new TablePair(_small, _large));
        Assert.Equal((kind, shift), (entry.Kind, entry.Shift));
    }

    [Fact]
    public void A_large_page_table_alone_answers_for_all()
    {
        Assert.Equal((PageTableEntryKind.Invalid, 16), KindAndShift(Walk(new TablePair(0, _large))));
        Write(_large, Gp100Format.LargePageTable, LargeIndex, LargePage);
        DecodedEntry entry = Walk(new TablePair(0, _large));
        Assert.Equal((PageTableEntryKind.Page, 16), KindAndShift(entry));
        Assert.Equal(0x100_0000UL + 0x3000, entry.Translate(Address));
    }

    [Fact]
    public void A_walk_goes_down_a_table_at_a_time_and_can_begin_at_each()
    {
        using var f = new AddressSpaceFixture();
        const ulong High = (1UL << 49) - 0x1000;
        f.MapOk(High, AddressSpaceFixture.Video(0x7000));
        DecodedEntry whole = f.Walk(High);
        Assert.Equal((PageTableEntryKind.Page, 12), KindAndShift(whole));
        Assert.Equal(0x7000UL, whole.Address);

        var cursor = new PageTableCursor<Gp100Format>(f.Memory, f.Space.Root, High);
        for (int depth = 0; depth < 4; depth++)
        {
            Assert.Equal(depth, cursor.Depth);
            Assert.Equal(whole, new PageTableCursor<Gp100Format>(f.Memory, High, cursor.Depth, cursor.Tables).Finish());
            Assert.True(cursor.TryDescend(out DecodedEntry table));
            Assert.Equal((PageTableEntryKind.Table, table.Tables), (table.Kind, cursor.Tables));
        }

        Assert.False(cursor.TryDescend(out DecodedEntry last));
        Assert.Equal((whole, 4), (last, cursor.Depth));
    }

    [Fact]
    public void An_address_that_differs_at_any_level_is_not_found()
    {
        using var f = new AddressSpaceFixture();
        f.MapOk(0, AddressSpaceFixture.Video(0x7000));
        foreach (int shift in (int[])[12, 21, 29, 38, 47])
        {
            DecodedEntry entry = f.Walk(1UL << shift);
            Assert.Equal((PageTableEntryKind.Invalid, shift), KindAndShift(entry));
        }
    }

    [Fact]
    public void One_flipped_bit_of_an_entry_makes_the_walk_end_otherwise()
    {
        using var f = new AddressSpaceFixture();
        f.MapOk(Address, AddressSpaceFixture.Video(0x7000));
        DecodedEntry before = f.Walk(Address);
        Span<ulong> table = f.TableAt(Address, depth: 4);
        for (int bit = 0; bit < 64; bit++)
        {
            table[SmallIndex] ^= 1UL << bit;
            bool meaningful = bit <= 53;
            Assert.Equal(meaningful, f.Walk(Address) with { RawBits = before.RawBits } != before);
            table[SmallIndex] ^= 1UL << bit;
        }

        Assert.Equal(before, f.Walk(Address));
    }

    private static (PageTableEntryKind Kind, int Shift) KindAndShift(DecodedEntry entry) => (entry.Kind, entry.Shift);

    private DecodedEntry Walk(TablePair tables)
    {
        Gp100Format.EncodeDirectory(3, tables, out ulong low, out ulong high);
        ulong directory = NewTable(Gp100Format.Directory(3));
        Write(directory, Gp100Format.Directory(3), 0, low);
        Write(directory, Gp100Format.Directory(3), 1, high);
        return new PageTableCursor<Gp100Format>(_memory, Address, depth: 3, new TablePair(directory)).Finish();
    }

    private void Write(ulong table, TableLayout layout, int word, ulong value) => _memory.Words(table, layout.SizeBytes)[word] = value;

    private ulong NewTable(TableLayout layout)
    {
        Assert.Equal(Errno.None, _memory.TryAllocate(layout.SizeBytes, layout.AlignmentBytes, out ulong address));
        _memory.Words(address, layout.SizeBytes).Clear();
        return address;
    }
}
