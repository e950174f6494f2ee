using GpuSvm.Core;
using GpuSvm.Mmu.Formats.Gp100;

namespace GpuSvm.Mmu.Tests.Formats;

public class Gp100PteTests
{
    private const TranslationRights R = TranslationRights.Read;
    private const TranslationRights RW = R | TranslationRights.Write;
    private const TranslationRights RWA = RW | TranslationRights.Atomic;
    private const PageAttributes Volatile = PageAttributes.Volatile;

    /// <summary>NVIDIA open-gpu-kernel-modules, nvidia-uvm/uvm_page_tree_test.c, entry_test_pascal.</summary>
    [Theory]
    [InlineData(Aperture.SystemCoherent, 0x399999999999000UL, RWA, Volatile, 0x3999999999990DUL)]
    [InlineData(Aperture.SystemCoherent, 0x399999999999000UL, RWA, PageAttributes.None, 0x39999999999905UL)]
    [InlineData(Aperture.SystemCoherent, 0x399999999999000UL, RW, PageAttributes.None, 0x39999999999985UL)]
    [InlineData(Aperture.SystemCoherent, 0x399999999999000UL, R, PageAttributes.None, 0x399999999999C5UL)]
    [InlineData(Aperture.VideoMemory, 0x1BBBBBB000UL, R, PageAttributes.None, 0x1BBBBBBC1UL)]
    [InlineData(Aperture.Peer, 0x1BBBBBB000UL, R, PageAttributes.None, 0x1BBBBBBC3UL)]
    [InlineData(Aperture.VideoMemory, 0x1BAD000000UL, R, Volatile | PageAttributes.Privileged, 0x1BAD000E9UL)]
    public void Entries_have_the_vendors_golden_values(
        Aperture aperture, ulong address, TranslationRights rights, PageAttributes attributes, ulong bits)
    {
        var pte = Gp100Pte.Page(aperture, address, rights, attributes);
        Assert.Equal($"0x{bits:x}", $"0x{pte.Bits:x}");
        Assert.Equal((aperture, address, rights, attributes), (pte.Aperture, pte.Address, pte.Rights, pte.Attributes));
    }

    /// <summary>The same file, for Turing: a poisoned entry has a kind too.</summary>
    [Fact]
    public void An_entry_of_Turing_has_the_vendors_golden_value() => Assert.Equal(
        0x6000001BAD000E9UL,
        Gp100Pte.Page(Aperture.VideoMemory, 0x1BAD000000, R, Volatile | PageAttributes.Privileged, kind: 6).Bits);

    /// <summary>
    /// The same file, for Volta: bits 45:36 go on with a peer's address, where Pascal has none. We write Pascal's 37 bits, and read no more.
    /// </summary>
    [Fact]
    public void A_peers_address_of_Volta_is_read_as_far_as_Pascal_has_it()
    {
        var pte = new Gp100Pte(0x2DD1BBBBBBC3);
        Assert.Equal((Aperture.Peer, 0, 0x5BBBBBBBB000UL & 0x1F_FFFF_FFFF), (pte.Aperture, pte.Peer, pte.Address));
        Assert.Throws<ArgumentOutOfRangeException>(() => Gp100Pte.Page(Aperture.Peer, 0x5BBBBBBBB000, R));
    }

    /// <summary>Computed from the bit table, as Linux nouveau vmmgp100.c, gp100_vmm_pgt_pfn, writes them.</summary>
    [Theory]
    [InlineData(Aperture.SystemCoherent, 0x12345000UL, RWA, 0x123450DUL)]
    [InlineData(Aperture.SystemCoherent, 0x12345000UL, RW, 0x123458DUL)]
    [InlineData(Aperture.SystemCoherent, 0x12345000UL, R, 0x12345CDUL)]
    [InlineData(Aperture.VideoMemory, 0x200000UL, RWA, 0x20001UL)]
    [InlineData(Aperture.VideoMemory, 0x200000UL, R, 0x200C1UL)]
    public void Pfn_pages_are_encoded_as_nouveau_does(Aperture aperture, ulong address, TranslationRights rights, ulong bits)
    {
        Assert.Equal($"0x{bits:x}", $"0x{Gp100Format.EncodePage(new PageTarget(aperture, address), rights):x}");
    }

    [Fact]
    public void The_three_ways_of_being_invalid_have_their_values()
    {
        Assert.Equal((0x0UL, 0x8UL, 0x20UL), (Gp100Pte.Invalid.Bits, Gp100Pte.Sparse.Bits, Gp100Pte.NoSmallPages.Bits));
        Assert.Equal(PageTableEntryKind.Invalid, Gp100Format.DecodeSmallPage(0).Kind);
        Assert.Equal(PageTableEntryKind.Invalid, Gp100Format.DecodeLargePage(0).Kind);
        Assert.Equal(PageTableEntryKind.Sparse, Gp100Format.DecodeSmallPage(0x8).Kind);
        Assert.Equal(PageTableEntryKind.Sparse, Gp100Format.DecodeLargePage(0x8).Kind);
        Assert.Equal(PageTableEntryKind.Invalid, Gp100Format.DecodeSmallPage(0x20).Kind);
        Assert.Equal(PageTableEntryKind.NoSmallPages, Gp100Format.DecodeLargePage(0x20).Kind);
    }

    [Fact]
    public void Every_combination_of_attributes_comes_back()
    {
        ulong[] low = [0, 0x1000, 0x1F_FFFF_F000];
        ulong[] wide = [0, 0x1000, 0x3FF_FFFF_FFFF_F000];
        int count = 0;
        foreach (Aperture aperture in Enum.GetValues<Aperture>())
        {
            foreach (ulong address in aperture >= Aperture.SystemCoherent ? wide : low)
            {
                for (int bits = 0; bits < 8 * 8; bits++)
                {
                    foreach (byte kind in (byte[])[0, 1, 0x80, 0xFF])
                    {
                        for (int peer = 0; peer < (aperture == Aperture.Peer ? 8 : 1); peer++)
                        {
                            RoundTrip(aperture, address, (TranslationRights)(bits & 7) | R, (PageAttributes)(bits >> 3), kind, peer);
                            count++;
                        }
                    }
                }
            }
        }

        Assert.Equal(3 * 64 * 4 * (1 + 8 + 1 + 1), count);
    }

    [Theory]
    [InlineData(Aperture.VideoMemory, 58)]
    [InlineData(Aperture.Peer, 37)]
    [InlineData(Aperture.SystemCoherent, 58)]
    [InlineData(Aperture.SystemNonCoherent, 58)]
    public void An_address_must_be_aligned_and_fit_its_field(Aperture aperture, int bits)
    {
        ulong limit = 1UL << bits;
        Assert.Equal(limit - 0x1000, Gp100Pte.Page(aperture, limit - 0x1000, RWA).Address);
        foreach (ulong address in (ulong[])[limit, limit - 1, limit - 0x800, 1, 0xFFF, ulong.MaxValue, 1UL << 63])
        {
            Assert.False(Gp100Pte.CanAddress(aperture, address));
            Assert.Throws<ArgumentOutOfRangeException>(() => Gp100Pte.Page(aperture, address, RWA));
        }
    }

    [Fact]
    public void A_peer_is_named_only_where_there_is_one()
    {
        Assert.Throws<ArgumentException>(() => Gp100Pte.Page(Aperture.VideoMemory, 0x1000, RWA, peer: 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => Gp100Pte.Page(Aperture.Peer, 0x1000, RWA, peer: 8));
        Assert.Throws<ArgumentOutOfRangeException>(() => Gp100Pte.Page(Aperture.Peer, 0x1000, RWA, peer: -1));
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
                pfns[i] = PfnEntry.VideoMemory(random.Next(1UL << 46) << 12, (TranslationRights)random.Next(8));
            }

            Gp100Format.EncodeVideoPages(pfns, words);
            Assert.Equal(0UL, words[length]);
            for (int i = 0; i < length; i++)
            {
                Assert.Equal(Gp100Format.EncodePage(new PageTarget(Aperture.VideoMemory, pfns[i].Address), pfns[i].Rights), words[i]);
            }
        }
    }

    [Fact]
    public void Only_more_rights_on_the_same_page_count_as_widening()
    {
        TranslationRights[] rights = [R, RW, RWA];
        for (int before = 0; before < 3; before++)
        {
            for (int after = 0; after < 3; after++)
            {
                Assert.Equal(after >= before, Widens(Gp100Pte.Page(0, 0x1000, rights[before]), Gp100Pte.Page(0, 0x1000, rights[after])));
                Assert.False(Widens(Gp100Pte.Page(0, 0x1000, rights[before]), Gp100Pte.Page(0, 0x2000, rights[after])));
                Assert.False(Widens(
                    Gp100Pte.Page(0, 0x1000, rights[before]), Gp100Pte.Page(Aperture.SystemCoherent, 0x1000, rights[after])));
                Assert.False(Widens(Gp100Pte.Page(0, 0x1000, rights[before]), Gp100Pte.Page(0, 0x1000, rights[after], Volatile)));
            }
        }
    }

    [Fact]
    public void Junk_decodes_to_something_and_never_throws()
    {
        var random = new SeededRandom(7);
        for (ulong i = 0; i < 70_000; i++)
        {
            // All values of the low 16 bits under random high ones.
            ulong word = i < 65_536 ? (random.Next() & ~0xFFFFUL) | i : random.Next() & random.Next();
            DecodedEntry small = Gp100Format.DecodeSmallPage(word);
            DecodedEntry large = Gp100Format.DecodeLargePage(word);
            Assert.Equal((word & 1) != 0, small.Kind == PageTableEntryKind.Page);
            Assert.Equal((word & 1) != 0, large.Kind == PageTableEntryKind.Page);
            Assert.Equal((word & 9) == 8, small.Kind == PageTableEntryKind.Sparse);
            Assert.Equal((word & 0x29) == 0x20, large.Kind == PageTableEntryKind.NoSmallPages);
            Assert.Equal((12, 16), (small.Shift, large.Shift));
            _ = new Gp100Pte(word).Peer + new Gp100Pte(word).Kind;
        }
    }

    private static bool Widens(Gp100Pte before, Gp100Pte after) => Gp100Format.OnlyWidens(before.Bits, after.Bits);

    private static void RoundTrip(
        Aperture aperture, ulong address, TranslationRights rights, PageAttributes attributes, byte kind, int peer)
    {
        var pte = Gp100Pte.Page(aperture, address, rights, attributes, kind, peer);
        Assert.True(pte.IsValid);
        Assert.Equal((aperture, address, kind, peer), (pte.Aperture, pte.Address, pte.Kind, pte.Peer));
        Assert.Equal(attributes, pte.Attributes);
        Assert.Equal((rights & TranslationRights.Write) == 0, pte.IsReadOnly);
        Assert.Equal((rights & TranslationRights.Atomic) == 0, pte.IsAtomicDisabled);

        // Without the right to write there are no atomics either, whatever the bit says.
        Assert.Equal((rights & TranslationRights.Write) != 0 ? rights : R, pte.Rights);
    }
}
