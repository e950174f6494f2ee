using GpuSvm.Core;
using GpuSvm.Mmu.Formats.Gh100;

namespace GpuSvm.Mmu.Tests.Formats;

public class Gh100EntryTests
{
    private const TranslationRights R = TranslationRights.Read;
    private const TranslationRights RW = R | TranslationRights.Write;
    private const TranslationRights RWA = RW | TranslationRights.Atomic;
    private const PageAttributes Volatile = PageAttributes.Volatile;
    private const byte Generic = 6;

    private static readonly TableLink SystemLink = new(0x9999999999000, Aperture.SystemCoherent, Volatile);
    private static readonly TableLink VideoLink = new(0xBBBBBBB000, Aperture.VideoMemory, Volatile);

    /// <summary>NVIDIA open-gpu-kernel-modules, nvidia-uvm/uvm_page_tree_test.c, entry_test_hopper.</summary>
    [Theory]
    [InlineData(Aperture.SystemCoherent, 0x9999999999000UL, RWA, Volatile, AccessCounting.Disabled, 0, 0x999999999968DUL)]
    [InlineData(Aperture.SystemCoherent, 0x9999999999000UL, RWA, PageAttributes.None, AccessCounting.Disabled, 0, 0x9999999999685UL)]
    [InlineData(Aperture.SystemCoherent, 0x9999999999000UL, RWA, PageAttributes.None, AccessCounting.Enabled, 0, 0x9999999999605UL)]
    [InlineData(Aperture.SystemCoherent, 0x9999999999000UL, RW, PageAttributes.None, AccessCounting.Enabled, 0, 0x9999999999645UL)]
    [InlineData(Aperture.SystemCoherent, 0x9999999999000UL, R, PageAttributes.None, AccessCounting.Enabled, 0, 0x9999999999665UL)]
    [InlineData(Aperture.VideoMemory, 0xBBBBBBB000UL, R, PageAttributes.None, AccessCounting.Enabled, 0, 0xBBBBBBB661UL)]
    [InlineData(Aperture.Peer, 0xBBBBBBB000UL, R, PageAttributes.None, AccessCounting.Enabled, 1, 0x200000BBBBBBB663UL)]
    [InlineData(Aperture.VideoMemory, 0x2BAD000000UL, R, Volatile | PageAttributes.Privileged, AccessCounting.Disabled, 0, 0x2BAD0006F9UL)]
    public void Page_entries_have_the_vendors_golden_values(
        Aperture aperture, ulong address, TranslationRights rights, PageAttributes attributes, AccessCounting counting, int peer, ulong bits)
    {
        var pte = Gh100Pte.Page(aperture, address, rights, attributes, Generic, peer, counting);
        Assert.Equal($"0x{bits:x}", $"0x{pte.Bits:x}");
        Assert.Equal((aperture, address, rights, attributes), (pte.Aperture, pte.Address, pte.Rights, pte.Attributes));
        Assert.Equal((counting, peer, Generic), (pte.Counting, pte.Peer, pte.Kind));
    }

    /// <summary>The same test: a page whose stores are messages to the scheduler.</summary>
    [Fact]
    public void A_reflected_page_has_the_vendors_golden_value() => Assert.Equal(
        0xF0FUL,
        Gh100Pte.Page(Aperture.SystemNonCoherent, 0, RWA, Volatile, kind: 0xF, counting: AccessCounting.Enabled).Bits);

    /// <summary>The same test.</summary>
    [Fact]
    public void Directory_entries_have_the_vendors_golden_values()
    {
        const HostTranslation Allowed = HostTranslation.Allowed;
        TableLink bigSystem = SystemLink with { Address = 0x9999999999900 };
        Assert.Equal(0x999999999900CUL, Gh100Pde.Table(SystemLink, Allowed).Bits);
        Assert.Equal(0xBBBBBBB00AUL, Gh100Pde.Table(VideoLink, Allowed).Bits);
        Assert.Equal((0x999999999990CUL, 0xBBBBBBB00AUL), LowAndHigh(Gh100DualPde.Tables(bigSystem, VideoLink, Allowed)));
        Assert.Equal((0x999999999991CUL, 0xBBBBBBB01AUL), LowAndHigh(Gh100DualPde.Tables(bigSystem, VideoLink)));
        Assert.Equal(
            (0xBBBBBBBB0AUL, 0x999999999900CUL),
            LowAndHigh(Gh100DualPde.Tables(VideoLink with { Address = 0xBBBBBBBB00 }, SystemLink, Allowed)));
    }

    /// <summary>Computed from the bit table, as Linux nouveau vmmgh100.c, gh100_vmm_pde, writes them.</summary>
    [Fact]
    public void Tables_are_named_as_nouveau_does()
    {
        Gh100Format.EncodeDirectory(3, new TablePair(0x1000), out ulong low, out ulong high);
        Assert.Equal((0x1012UL, 0UL), (low, high));
        Gh100Format.EncodeDirectory(4, new TablePair(0x2000, LargeTable: 0x1100), out low, out high);
        Assert.Equal((0x1112UL, 0x2012UL), (low, high));
        Assert.Equal(0x100CUL, Gh100Pde.Table(new TableLink(0x1000, Aperture.SystemCoherent, Volatile), HostTranslation.Allowed).Bits);
        Assert.Equal(0x1006UL, Gh100Pde.Table(new TableLink(0x1000, Aperture.SystemNonCoherent), HostTranslation.Allowed).Bits);
    }

    /// <summary>Computed from the bit table: nouveau has every page uncounted, and read-only pages keep the bit for atomics.</summary>
    [Theory]
    [InlineData(Aperture.SystemCoherent, 0x12345000UL, RWA, 0x1234508DUL)]
    [InlineData(Aperture.SystemCoherent, 0x12345000UL, RW, 0x123450CDUL)]
    [InlineData(Aperture.SystemCoherent, 0x12345000UL, R, 0x123450EDUL)]
    [InlineData(Aperture.SystemCoherent, 0x12345000UL, R | TranslationRights.Atomic, 0x123450ADUL)]
    [InlineData(Aperture.VideoMemory, 0x200000UL, RWA, 0x200081UL)]
    [InlineData(Aperture.VideoMemory, 0x200000UL, R, 0x2000E1UL)]
    public void Usual_pages_are_encoded_as_nouveau_does(Aperture aperture, ulong address, TranslationRights rights, ulong bits)
    {
        Assert.Equal($"0x{bits:x}", $"0x{Gh100Format.EncodePage(new PageTarget(aperture, address), rights):x}");
    }

    [Fact]
    public void The_ways_of_being_invalid_have_their_values()
    {
        Assert.Equal((0x0UL, 0x8UL, 0x18UL), (Gh100Pte.Invalid.Bits, Gh100Pte.Sparse.Bits, Gh100Pte.NoSmallPages.Bits));
        (ulong Word, PageTableEntryKind Small, PageTableEntryKind Large)[] words =
        [
            (0x0, PageTableEntryKind.Invalid, PageTableEntryKind.Invalid),
            (0x8, PageTableEntryKind.Sparse, PageTableEntryKind.Sparse),
            (0x10, PageTableEntryKind.Invalid, PageTableEntryKind.Invalid),
            (0x18, PageTableEntryKind.Invalid, PageTableEntryKind.NoSmallPages),
            (0x20, PageTableEntryKind.Invalid, PageTableEntryKind.Invalid),
            (0x88, PageTableEntryKind.Invalid, PageTableEntryKind.Invalid),
        ];
        foreach (var (word, small, large) in words)
        {
            Assert.Equal((small, large), (Gh100Format.DecodeSmallPage(word).Kind, Gh100Format.DecodeLargePage(word).Kind));
        }
    }

    [Fact]
    public void Every_combination_of_attributes_comes_back()
    {
        const PageAttributes Privileged = PageAttributes.Privileged;
        int count = 0;
        foreach (Aperture aperture in Enum.GetValues<Aperture>())
        {
            foreach (ulong address in (ulong[])[0, 0x1000, 0xF_FFFF_FFFF_F000])
            {
                for (int bits = 0; bits < 4 * 4 * 2 * 16; bits++)
                {
                    var rights = R | (TranslationRights)((bits & 3) * (int)TranslationRights.Write);
                    PageAttributes attributes = ((bits & 4) != 0 ? Volatile : 0) | ((bits & 8) != 0 ? Privileged : 0);
                    var counting = (AccessCounting)((bits >> 4) & 1);
                    for (int peer = 0; peer < (aperture == Aperture.Peer ? 8 : 1); peer++)
                    {
                        var pte = Gh100Pte.Page(aperture, address, rights, attributes, (byte)(bits >> 5), peer, counting);
                        Assert.Equal((aperture, address, attributes, peer), (pte.Aperture, pte.Address, pte.Attributes, pte.Peer));
                        Assert.Equal((counting, bits >> 5), (pte.Counting, pte.Kind));
                        Assert.Equal((rights & TranslationRights.Write) == 0, pte.IsReadOnly);
                        Assert.Equal((rights & TranslationRights.Atomic) == 0, pte.IsAtomicDisabled);
                        Assert.Equal((rights & TranslationRights.Write) != 0 ? rights : R, pte.Rights);
                        count++;
                    }
                }
            }
        }

        Assert.Equal(3 * 512 * (1 + 8 + 1 + 1), count);
    }

    [Fact]
    public void Every_link_comes_back()
    {
        foreach (Aperture aperture in (Aperture[])[Aperture.VideoMemory, Aperture.SystemCoherent, Aperture.SystemNonCoherent])
        {
            foreach (PageAttributes attributes in (PageAttributes[])[PageAttributes.None, Volatile])
            {
                foreach (HostTranslation host in Enum.GetValues<HostTranslation>())
                {
                    foreach (ulong address in (ulong[])[0x1000, 1UL << 51, (1UL << 52) - 0x1000])
                    {
                        var link = new TableLink(address, aperture, attributes);
                        TableLink large = link with { Address = address | 0xF00 };
                        var dual = Gh100DualPde.Tables(large, link, host);
                        Assert.Equal((link, host), (Gh100Pde.Table(link, host).Link, Gh100Pde.Table(link, host).Host));
                        Assert.Equal((large, link), (dual.Large, dual.Small));
                        Assert.Equal((large, default), (Gh100DualPde.Tables(large, default).Large, Gh100DualPde.Tables(large, default).Small));
                        Assert.Equal((default, link), (Gh100DualPde.Tables(default, link).Large, Gh100DualPde.Tables(default, link).Small));
                    }
                }
            }
        }
    }

    [Fact]
    public void What_an_entry_cannot_hold_is_refused()
    {
        TableLink[] refused =
            [new(0x1100), new(0x1001), new(1UL << 52), new(0x1000, Aperture.Peer), new(0x1000, Attributes: PageAttributes.Privileged)];
        foreach (TableLink link in refused)
        {
            Assert.ThrowsAny<ArgumentException>(() => Gh100Pde.Table(link));
            Assert.ThrowsAny<ArgumentException>(() => Gh100DualPde.Tables(default, link));
        }

        Assert.ThrowsAny<ArgumentException>(() => Gh100DualPde.Tables(new TableLink(0x1080), default));
        foreach (ulong address in (ulong[])[1UL << 52, (1UL << 52) - 1, 0x800, 1, ulong.MaxValue])
        {
            Assert.False(Gh100Pte.CanAddress(address));
            Assert.Throws<ArgumentOutOfRangeException>(() => Gh100Pte.Page(Aperture.SystemCoherent, address, RWA));
        }

        Assert.Throws<ArgumentException>(() => Gh100Pte.Page(Aperture.VideoMemory, 0x1000, RWA, peer: 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Gh100Pte.Page(Aperture.Peer, 0x1000, RWA, peer: 8));
        Assert.Throws<ArgumentOutOfRangeException>(() => Gh100Pte.Page(Aperture.Peer, 0x1000, RWA, peer: -1));
        Assert.ThrowsAny<ArgumentException>(() => Gh100Pte.Page(Aperture.VideoMemory, 0x1000, RWA, kind: 16));
        Assert.ThrowsAny<ArgumentException>(() => Gh100Pte.Page(Aperture.VideoMemory, 0x1000, RWA, PageAttributes.Encrypted));
    }

    [Fact]
    public void Pages_of_2_and_512_MiB_are_page_entries_in_their_directories()
    {
        var page = Gh100Pte.Page(Aperture.VideoMemory, 0x4000_0000, RW);
        DecodedEntry small = Gh100Format.DecodeDirectory(4, Gh100DualPde.Page(page).Low, 0);
        Assert.Equal((PageTableEntryKind.Page, 21, 0x4000_0000UL), (small.Kind, small.Shift, small.Address));
        DecodedEntry large = Gh100Format.DecodeDirectory(3, Gh100Pde.Page(page).Bits, 0);
        Assert.Equal((PageTableEntryKind.Page, 29, 0x4000_0000UL), (large.Kind, large.Shift, large.Address));
        for (int depth = 0; depth < 3; depth++)
        {
            Assert.Equal(PageTableEntryKind.Invalid, Gh100Format.DecodeDirectory(depth, page.Bits, 0).Kind);
        }

        var unaligned = Gh100Pte.Page(Aperture.VideoMemory, 0x10_0000, RW);
        Assert.ThrowsAny<ArgumentException>(() => Gh100DualPde.Page(unaligned));
        Assert.ThrowsAny<ArgumentException>(() => Gh100Pde.Page(unaligned));
        Assert.ThrowsAny<ArgumentException>(() => Gh100DualPde.Page(Gh100Pte.Sparse));
        Assert.ThrowsAny<ArgumentException>(() => Gh100Pde.Page(Gh100Pte.Sparse));
    }

    [Theory]
    [InlineData(0x0UL, 0x0UL, PageTableEntryKind.Invalid, 0UL, 0UL)]
    [InlineData(0x8UL, 0x0UL, PageTableEntryKind.Sparse, 0UL, 0UL)]
    [InlineData(0x18UL, 0x0UL, PageTableEntryKind.Sparse, 0UL, 0UL)]
    [InlineData(0x10UL, 0x0UL, PageTableEntryKind.Invalid, 0UL, 0UL)]
    [InlineData(0x8UL, 0x2012UL, PageTableEntryKind.Sparse, 0UL, 0UL)]
    [InlineData(0x0UL, 0x2012UL, PageTableEntryKind.Table, 0x2000UL, 0UL)]
    [InlineData(0x1112UL, 0x0UL, PageTableEntryKind.Table, 0UL, 0x1100UL)]
    [InlineData(0x1112UL, 0x2012UL, PageTableEntryKind.Table, 0x2000UL, 0x1100UL)]
    public void The_low_word_of_a_dual_entry_counts_first(
        ulong low, ulong high, PageTableEntryKind kind, ulong small, ulong large)
    {
        DecodedEntry entry = Gh100Format.DecodeDirectory(4, low, high);
        Assert.Equal((kind, small, large), (entry.Kind, entry.Address, entry.LargeTable));
    }

    private static (ulong Low, ulong High) LowAndHigh(Gh100DualPde entry) => (entry.Low, entry.High);
}
