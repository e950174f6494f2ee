using GpuSvm.Core;
using GpuSvm.Mmu.Formats.Gp100;

namespace GpuSvm.Mmu.Tests.Formats;

public class Gp100PdeTests
{
    private const ulong SystemTable = 0x399999999999000;
    private const ulong VideoTable = 0x1BBBBBB000;

    private static readonly TableLink SystemLink = new(SystemTable, Aperture.SystemCoherent, PageAttributes.Volatile);
    private static readonly TableLink VideoLink = new(VideoTable, Aperture.VideoMemory, PageAttributes.Volatile);

    /// <summary>NVIDIA open-gpu-kernel-modules, nvidia-uvm/uvm_page_tree_test.c, entry_test_pascal.</summary>
    [Fact]
    public void Directory_entries_have_the_vendors_golden_values()
    {
        Assert.Equal(0x3999999999990CUL, Gp100Pde.Table(SystemLink).Bits);
        Assert.Equal(0x1BBBBBB0AUL, Gp100Pde.Table(VideoLink).Bits);

        var dual = Gp100DualPde.Tables(SystemLink with { Address = 0x399999999999900 }, VideoLink);
        Assert.Equal((0x3999999999999CUL, 0x1BBBBBB0AUL), (dual.Low, dual.High));
        dual = Gp100DualPde.Tables(VideoLink with { Address = 0x1BBBBBBB00 }, SystemLink);
        Assert.Equal((0x1BBBBBBBAUL, 0x3999999999990CUL), (dual.Low, dual.High));
    }

    /// <summary>The same file, for Volta: bit 5 says that the host is not asked for a translation. We never write it.</summary>
    [Fact]
    public void An_entry_of_Volta_without_address_translation_services_names_the_same_table() =>
        Assert.Equal(VideoLink, new Gp100Pde(0x1BBBBBB2A).Link);

    /// <summary>Computed from the bit table, as Linux nouveau vmmgp100.c, gp100_vmm_pde, writes them.</summary>
    [Fact]
    public void Tables_in_video_memory_are_named_as_nouveau_does()
    {
        Gp100Format.EncodeDirectory(2, new TablePair(0x1000), out ulong low, out ulong high);
        Assert.Equal((0x102UL, 0UL), (low, high));

        Gp100Format.EncodeDirectory(3, new TablePair(0, LargeTable: 0x1100), out low, out high);
        Assert.Equal((0x112UL, 0UL), (low, high));

        Gp100Format.EncodeDirectory(3, new TablePair(0x2000, LargeTable: 0x1100), out low, out high);
        Assert.Equal((0x112UL, 0x202UL), (low, high));

        Gp100Format.EncodeDirectory(3, default, out low, out high);
        Assert.Equal((0UL, 0UL), (low, high));
    }

    [Fact]
    public void Every_link_comes_back()
    {
        foreach (Aperture aperture in (Aperture[])[Aperture.VideoMemory, Aperture.SystemCoherent, Aperture.SystemNonCoherent])
        {
            ulong limit = 1UL << (aperture == Aperture.VideoMemory ? 37 : 58);
            foreach (PageAttributes attributes in (PageAttributes[])[PageAttributes.None, PageAttributes.Volatile])
            {
                foreach (ulong address in (ulong[])[0x1000, limit / 2, limit - 0x1000])
                {
                    var link = new TableLink(address, aperture, attributes);
                    TableLink large = link with { Address = address | 0xF00 };
                    Assert.Equal(link, Gp100Pde.Table(link).Link);
                    Assert.Equal((large, link), (Gp100DualPde.Tables(large, link).Large, Gp100DualPde.Tables(large, link).Small));
                    Assert.Equal((large, default), (Gp100DualPde.Tables(large, default).Large, Gp100DualPde.Tables(large, default).Small));
                    Assert.Equal((default, link), (Gp100DualPde.Tables(default, link).Large, Gp100DualPde.Tables(default, link).Small));
                }
            }
        }
    }

    [Fact]
    public void What_an_entry_cannot_hold_is_refused()
    {
        TableLink[] refused =
        [
            new(0x1100), new(0x1001), new(1UL << 37), new(1UL << 58, Aperture.SystemCoherent),
            new(0x1000, Aperture.Peer), new(0x1000, Attributes: PageAttributes.Privileged),
        ];
        foreach (TableLink link in refused)
        {
            Assert.ThrowsAny<ArgumentException>(() => Gp100Pde.Table(link));
            Assert.ThrowsAny<ArgumentException>(() => Gp100DualPde.Tables(default, link));
        }

        Assert.ThrowsAny<ArgumentException>(() => Gp100DualPde.Tables(new TableLink(0x1080), default));
        var unaligned = Gp100Pte.Page(Aperture.VideoMemory, 0x10_0000, TranslationRights.Read);
        Assert.ThrowsAny<ArgumentException>(() => Gp100DualPde.Page(unaligned));
        Assert.ThrowsAny<ArgumentException>(() => Gp100DualPde.Page(Gp100Pte.Sparse));
    }

    [Fact]
    public void A_page_of_2_MiB_is_a_page_entry_in_the_low_word()
    {
        var page = Gp100Pte.Page(Aperture.VideoMemory, 0x4000_0000, TranslationRights.Read | TranslationRights.Write);
        var dual = Gp100DualPde.Page(page);
        Assert.True(dual.IsPage);
        DecodedEntry entry = Gp100Format.DecodeDirectory(3, dual.Low, dual.High);
        Assert.Equal((PageTableEntryKind.Page, 21, 0x4000_0000UL), (entry.Kind, entry.Shift, entry.Address));
        Assert.Equal(0x4012_3456UL, entry.Translate(0x7F12_3456));
    }

    [Theory]
    [InlineData(0x0UL, 0x0UL, PageTableEntryKind.Invalid, 0UL, 0UL)]
    [InlineData(0x8UL, 0x0UL, PageTableEntryKind.Sparse, 0UL, 0UL)]
    [InlineData(0x0UL, 0x8UL, PageTableEntryKind.Sparse, 0UL, 0UL)]
    [InlineData(0x8UL, 0x202UL, PageTableEntryKind.Sparse, 0UL, 0UL)]
    [InlineData(0x0UL, 0x202UL, PageTableEntryKind.Table, 0x2000UL, 0UL)]
    [InlineData(0x112UL, 0x0UL, PageTableEntryKind.Table, 0UL, 0x1100UL)]
    [InlineData(0x112UL, 0x202UL, PageTableEntryKind.Table, 0x2000UL, 0x1100UL)]
    [InlineData(0x112UL, 0x8UL, PageTableEntryKind.Table, 0UL, 0x1100UL)]
    public void The_low_word_of_a_dual_entry_counts_first(
        ulong low, ulong high, PageTableEntryKind kind, ulong small, ulong large)
    {
        DecodedEntry entry = Gp100Format.DecodeDirectory(3, low, high);
        Assert.Equal((kind, small, large), (entry.Kind, entry.Address, entry.LargeTable));
    }

    [Fact]
    public void Junk_decodes_to_something_and_never_throws()
    {
        var random = new SeededRandom(11);
        for (ulong i = 0; i < 70_000; i++)
        {
            ulong low = (random.Next() & ~0xFFFFUL) | (i & 0xFFFF);
            ulong high = random.Next();
            for (int depth = 0; depth < 3; depth++)
            {
                DecodedEntry entry = Gp100Format.DecodeDirectory(depth, low, 0);
                Assert.Equal((low & 1) == 0 && (low & 6) != 0 && entry.Address != 0, entry.Kind == PageTableEntryKind.Table);
                Assert.Equal((low & 0xF) == 8, entry.Kind == PageTableEntryKind.Sparse);
                Assert.NotEqual(PageTableEntryKind.Page, entry.Kind);
            }

            DecodedEntry dual = Gp100Format.DecodeDirectory(3, low, high);
            Assert.Equal((low & 1) != 0, dual.Kind == PageTableEntryKind.Page);
            Assert.NotEqual(PageTableEntryKind.NoSmallPages, dual.Kind);
        }
    }
}
