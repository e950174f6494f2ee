using GpuSvm.Core;
using GpuSvm.Mmu.Formats.Gf100;

namespace GpuSvm.Mmu.Tests.Formats;

public class Gf100EntryTests
{
    private const TranslationRights R = TranslationRights.Read;
    private const TranslationRights RW = R | TranslationRights.Write;
    private const TranslationRights RWA = RW | TranslationRights.Atomic;
    private const PageAttributes Volatile = PageAttributes.Volatile;

    private static readonly TableLink SystemLink = new(0x9999999000, Aperture.SystemCoherent, Volatile);
    private static readonly TableLink VideoLink = new(0x1BBBBBB000, Aperture.VideoMemory, Volatile);

    /// <summary>NVIDIA open-gpu-kernel-modules, nvidia-uvm/uvm_page_tree_test.c, entry_test_maxwell.</summary>
    [Theory]
    [InlineData(Aperture.SystemCoherent, 0x9999999000UL, RWA, Volatile, 0, 0x599999991UL)]
    [InlineData(Aperture.SystemCoherent, 0x9999999000UL, RWA, PageAttributes.None, 0, 0x499999991UL)]
    [InlineData(Aperture.SystemCoherent, 0x9999999000UL, RW, PageAttributes.None, 0, 0x499999991UL)]
    [InlineData(Aperture.SystemCoherent, 0x9999999000UL, R, PageAttributes.None, 0, 0x8000000499999995UL)]
    [InlineData(Aperture.VideoMemory, 0x1BBBBBB000UL, R, PageAttributes.None, 0, 0x800000001BBBBBB5UL)]
    [InlineData(Aperture.Peer, 0x1BBBBBB000UL, R, PageAttributes.None, 0, 0x800000021BBBBBB5UL)]
    [InlineData(Aperture.Peer, 0x1BBBBBB000UL, R, PageAttributes.None, 7, 0x80000002FBBBBBB5UL)]
    public void Page_entries_have_the_vendors_golden_values(
        Aperture aperture, ulong address, TranslationRights rights, PageAttributes attributes, int peer, ulong bits)
    {
        var pte = Gf100Pte.Page(aperture, address, rights, attributes, peer: peer);
        Assert.Equal($"0x{bits:x}", $"0x{pte.Bits:x}");
        Assert.Equal((aperture, address, attributes, peer), (pte.Aperture, pte.Address, pte.Attributes, pte.Peer));

        // Atomics go with stores.
        Assert.Equal(rights == R ? R : RWA, pte.Rights);
    }

    /// <summary>The same test.</summary>
    [Fact]
    public void Directory_entries_have_the_vendors_golden_values()
    {
        Assert.Equal(0UL, Gf100Pde.Tables(default, default).Bits);
        Assert.Equal(0x1BBBBBBD99999992UL, Gf100Pde.Tables(SystemLink, VideoLink).Bits);
        Assert.Equal(0x9999999E1BBBBBB1UL, Gf100Pde.Tables(VideoLink, SystemLink).Bits);
    }

    /// <summary>Computed from the bit table, as Linux nouveau vmmgf100.c, gf100_vmm_pgd_pde and gf100_vmm_valid, write them.</summary>
    [Fact]
    public void Tables_and_pages_are_encoded_as_nouveau_does()
    {
        Gf100Format<Gf100Generation, Gf100LargePage128K>.EncodeDirectory(0, new TablePair(0x2000, 0x3000), out ulong low, out ulong high);
        Assert.Equal((0x0000_0021_0000_0031UL, 0UL), (low, high));
        Gf100Format<Gf100Generation, Gf100LargePage128K>.EncodeDirectory(0, new TablePair(0x2000), out low, out high);
        Assert.Equal((0x0000_0021_0000_0000UL, 0UL), (low, high));
        Gf100Format<Gf100Generation, Gf100LargePage128K>.EncodeDirectory(0, new TablePair(0, 0x3000), out low, out high);
        Assert.Equal((0x31UL, 0UL), (low, high));

        // vol << 32 | aper << 33 | kind << 36 | priv << 1 | 1.
        Assert.Equal(
            0x0FE5_0001_2343UL,
            Gf100Pte.Page(Aperture.SystemCoherent, 0x123_4000, RWA, Volatile | PageAttributes.Privileged, kind: 0xFE).Bits);
    }

    [Fact]
    public void The_ways_of_being_invalid_belong_to_their_generations()
    {
        Assert.Equal((0x0UL, 0x1_0000_0000UL, 0x2UL), (Gf100Pte.Invalid.Bits, Gf100Pte.Sparse.Bits, Gf100Pte.NoSmallPages.Bits));
        Assert.Equal(0x8_0000_0000UL, Gf100Pde.Sparse.Bits);
        CheckInvalid<Gf100Generation>(PageTableEntryKind.Invalid, PageTableEntryKind.Invalid);
        CheckInvalid<Gk104Generation>(PageTableEntryKind.Invalid, PageTableEntryKind.NoSmallPages);
        CheckInvalid<Gm200Generation>(PageTableEntryKind.Sparse, PageTableEntryKind.NoSmallPages);
    }

    [Fact]
    public void Every_combination_of_attributes_comes_back()
    {
        int count = 0;
        foreach (Aperture aperture in Enum.GetValues<Aperture>())
        {
            ulong last = aperture >= Aperture.SystemCoherent ? 0xFF_FFFF_F000UL : 0x1F_FFFF_F000;
            foreach (ulong address in (ulong[])[0, 0x1000, last])
            {
                for (int bits = 0; bits < 2 * 8; bits++)
                {
                    foreach (byte kind in (byte[])[0, 1, 0x80, 0xFF])
                    {
                        for (int peer = 0; peer < (aperture == Aperture.Peer ? 8 : 1); peer++)
                        {
                            var pte = Gf100Pte.Page(aperture, address, bits < 8 ? R : RWA, (PageAttributes)(bits & 7), kind, peer);
                            Assert.True(pte.IsValid);
                            Assert.False(pte.IsLocked);
                            Assert.Equal((aperture, address, kind, peer), (pte.Aperture, pte.Address, pte.Kind, pte.Peer));
                            Assert.Equal((bits < 8 ? R : RWA, (PageAttributes)(bits & 7)), (pte.Rights, pte.Attributes));
                            count++;
                        }
                    }
                }
            }
        }

        Assert.Equal(3 * 16 * 4 * (1 + 8 + 1 + 1), count);
    }

    [Theory]
    [InlineData(Aperture.VideoMemory, 37)]
    [InlineData(Aperture.Peer, 37)]
    [InlineData(Aperture.SystemCoherent, 40)]
    [InlineData(Aperture.SystemNonCoherent, 40)]
    public void An_address_must_be_aligned_and_fit_its_field(Aperture aperture, int bits)
    {
        ulong limit = 1UL << bits;
        Assert.Equal(limit - 0x1000, Gf100Pte.Page(aperture, limit - 0x1000, RWA).Address);
        foreach (ulong address in (ulong[])[limit, limit - 1, limit - 0x800, 1, 0xFFF, ulong.MaxValue, 1UL << 63])
        {
            Assert.False(Gf100Pte.CanAddress(aperture, address));
            Assert.Throws<ArgumentOutOfRangeException>(() => Gf100Pte.Page(aperture, address, RWA));
        }
    }

    [Fact]
    public void Every_link_comes_back()
    {
        int count = 0;
        foreach (TableLink large in Links())
        {
            foreach (TableLink small in Links())
            {
                var pde = Gf100Pde.Tables(large, small);
                Assert.Equal((large, small), (pde.Large, pde.Small));
                count++;
            }
        }

        Assert.Equal(19 * 19, count);

        static IEnumerable<TableLink> Links()
        {
            yield return default;
            foreach (Aperture aperture in (Aperture[])[Aperture.VideoMemory, Aperture.SystemCoherent, Aperture.SystemNonCoherent])
            {
                ulong limit = 1UL << (aperture == Aperture.VideoMemory ? 37 : 40);
                foreach (ulong address in (ulong[])[0x1000, limit / 2, limit - 0x1000])
                {
                    yield return new TableLink(address, aperture);
                    yield return new TableLink(address, aperture, Volatile);
                }
            }
        }
    }

    [Fact]
    public void What_an_entry_cannot_hold_is_refused()
    {
        TableLink[] refused =
        [
            new(0x1100), new(0x1001), new(1UL << 37), new(1UL << 40, Aperture.SystemCoherent),
            new(0x1000, Aperture.Peer), new(0x1000, Attributes: PageAttributes.Privileged),
        ];
        foreach (TableLink link in refused)
        {
            Assert.ThrowsAny<ArgumentException>(() => Gf100Pde.Tables(link, default));
            Assert.ThrowsAny<ArgumentException>(() => Gf100Pde.Tables(default, link));
        }

        Assert.Throws<ArgumentException>(() => Gf100Pte.Page(Aperture.VideoMemory, 0x1000, RWA, peer: 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Gf100Pte.Page(Aperture.Peer, 0x1000, RWA, peer: 8));
        Assert.Throws<ArgumentOutOfRangeException>(() => Gf100Pte.Page(Aperture.Peer, 0x1000, RWA, peer: -1));
    }

    [Fact]
    public void A_disabled_read_is_read_as_no_right()
    {
        Assert.Equal(TranslationRights.None, new Gf100Pte(0xC000_0000_0000_0001).Rights);
        Assert.Equal(R, new Gf100Pte(0x8000_0000_0000_0001).Rights);
        Assert.Equal(R, new Gf100Pte(0x5).Rights);
    }

    private static void CheckInvalid<TGeneration>(PageTableEntryKind withVolatile, PageTableEntryKind withPrivilege)
        where TGeneration : struct, IGf100Generation
    {
        Assert.Equal(PageTableEntryKind.Invalid, Gf100Format<TGeneration, Gf100LargePage64K>.DecodeLargePage(0).Kind);
        Assert.Equal(withVolatile, Gf100Format<TGeneration, Gf100LargePage64K>.DecodeLargePage(0x1_0000_0000).Kind);
        Assert.Equal(withVolatile, Gf100Format<TGeneration, Gf100LargePage64K>.DecodeSmallPage(0x1_0000_0000).Kind);
        Assert.Equal(withVolatile, Gf100Format<TGeneration, Gf100LargePage64K>.DecodeDirectory(0, 0x8_0000_0000, 0).Kind);
        Assert.Equal(withPrivilege, Gf100Format<TGeneration, Gf100LargePage64K>.DecodeLargePage(0x2).Kind);
        Assert.Equal(PageTableEntryKind.Invalid, Gf100Format<TGeneration, Gf100LargePage64K>.DecodeSmallPage(0x2).Kind);
    }
}
