using GpuSvm.Mmu.Formats.Gp100;

namespace GpuSvm.Mmu.Tests.Formats;

public class Gp100LayoutTests
{
    [Fact]
    public void The_levels_cover_the_49_bits_without_gap_or_overlap()
    {
        Assert.Equal((49, 5), (Gp100Format.AddressBits, Gp100Format.LevelCount));
        int top = Gp100Format.AddressBits;
        for (int depth = 0; depth < Gp100Format.LevelCount; depth++)
        {
            TableLayout layout = depth == 4 ? Gp100Format.SmallPageTable : Gp100Format.Directory(depth);
            Assert.Equal(top, layout.Shift + layout.IndexBits);
            top = layout.Shift;
        }

        Assert.Equal(12, top);
        Assert.Equal(21, Gp100Format.LargePageTable.Shift + Gp100Format.LargePageTable.IndexBits);
        Assert.Throws<ArgumentOutOfRangeException>(() => Gp100Format.Directory(4));
    }

    [Fact]
    public void Tables_have_the_sizes_and_alignments_of_the_manual()
    {
        Assert.Equal((32, 0x1000), SizeAndAlignment(Gp100Format.Directory(0)));
        Assert.Equal((4096, 0x1000), SizeAndAlignment(Gp100Format.Directory(1)));
        Assert.Equal((4096, 0x1000), SizeAndAlignment(Gp100Format.Directory(2)));
        Assert.Equal((4096, 0x1000), SizeAndAlignment(Gp100Format.Directory(3)));
        Assert.Equal((4096, 0x1000), SizeAndAlignment(Gp100Format.SmallPageTable));
        Assert.Equal((256, 0x100), SizeAndAlignment(Gp100Format.LargePageTable));
        Assert.Equal((2, 16), (Gp100Format.Directory(3).EntryWords, Gp100Format.Directory(3).EntrySizeBytes));
    }

    [Fact]
    public void The_highest_address_has_the_highest_index_at_every_level()
    {
        const ulong Last = (1UL << 49) - 1;
        Assert.Equal(
            (3, 511, 511, 255, 511, 31),
            (Gp100Format.Directory(0).Index(Last), Gp100Format.Directory(1).Index(Last), Gp100Format.Directory(2).Index(Last),
                Gp100Format.Directory(3).Index(Last), Gp100Format.SmallPageTable.Index(Last), Gp100Format.LargePageTable.Index(Last)));
    }

    private static (int Size, int Alignment) SizeAndAlignment(TableLayout layout) => (layout.SizeBytes, layout.AlignmentBytes);
}
