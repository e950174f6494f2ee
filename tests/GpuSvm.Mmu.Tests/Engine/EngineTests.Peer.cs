using GpuSvm.Core;
using GpuSvm.Mmu.Tests.Infrastructure;

namespace GpuSvm.Mmu.Tests.Engine;

/// <content>Pages by pfn in the memory of another device.</content>
public abstract partial class EngineTests<TFormat>
{
    // Bits that no other address of these tests has.
    private const ulong AtPeer = 0x6_4000_0000;

    [Fact]
    public void A_page_of_a_peer_is_entered_with_its_number_and_never_DMA_mapped_or_unmapped()
    {
        foreach (PageType type in FormatRig<TFormat>.Types(PageTypeUses.Pfn))
        {
            using var f = new FormatRig<TFormat>();
            ulong address = f.Get(3 * type.Size, align: type.Shift);
            f.Dma.Failures.Allowed = 0;
            PfnEntry[] pfns =
            [
                PfnEntry.Peer(5, AtPeer, ReadWrite),
                PfnEntry.VideoMemory(AtPeer, ReadWrite),
                PfnEntry.Peer(0, AtPeer + type.Size, TranslationRights.Read),
            ];
            Assert.Equal(Errno.None, f.Space.PfnMap(type.Shift, address, pfns));
            DecodedEntry first = f.Walk(address);
            DecodedEntry last = f.Walk(address + (2 * type.Size));
            Assert.Equal((PageTableEntryKind.Page, type.Shift, AtPeer), (first.Kind, first.Shift, first.Address));
            Assert.Equal((Aperture.Peer, ReadWrite, false), (first.Aperture, first.Rights, first.IsVolatile));
            Assert.Equal(Aperture.VideoMemory, f.Walk(address + type.Size).Aperture);
            Assert.Equal((Aperture.Peer, AtPeer + type.Size, TranslationRights.Read), (last.Aperture, last.Address, last.Rights));
            Assert.Equal((5, 0), (TFormat.TargetOf(first.RawBits).Peer, TFormat.TargetOf(last.RawBits).Peer));
            Assert.Equal((3L << (type.Shift - 12), 0), (f.Space.MappedPages, f.Space.Counters.DmaMaps));

            Assert.Equal(Errno.None, f.Space.PfnUnmap(new AddressRange(address, address + type.Size)));
            Assert.Equal((PageTableEntryKind.Invalid, PageTableEntryKind.Page), (f.Kind(address), f.Kind(address + type.Size)));
            f.PutOk(address);
            Assert.Equal(0, f.Space.Counters.DmaUnmaps);
            f.ExpectOnlyTheRoot();
        }
    }

    [Fact]
    public void A_page_of_a_peer_that_no_entry_can_name_is_EINVAL_and_nothing_is_mapped()
    {
        foreach (PageType type in FormatRig<TFormat>.Types(PageTypeUses.Pfn))
        {
            using var f = new FormatRig<TFormat>();
            ulong address = f.Get(2 * type.Size, align: type.Shift);
            PfnEntry[] tooWide = [PfnEntry.Peer(1, AtPeer, ReadWrite), PfnEntry.Peer(1, 1UL << 60, ReadWrite)];
            Assert.Equal(Errno.EINVAL, f.Space.PfnMap(type.Shift, address, tooWide));
            if (type.Shift > Page.Shift)
            {
                Assert.Equal(Errno.EINVAL, f.Space.PfnMap(type.Shift, address, [PfnEntry.Peer(1, AtPeer + Page.Size, ReadWrite)]));
            }

            Assert.Equal(0, f.Space.MappedPages);
            f.PutOk(address);
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => PfnEntry.Peer(8, AtPeer, ReadWrite));
        Assert.Throws<ArgumentException>(() => PfnEntry.Peer(1, AtPeer + 1, ReadWrite));
        Assert.Equal((true, 7, AtPeer), (PfnEntry.Peer(7, AtPeer, ReadWrite).IsPeerMemory, PfnEntry.Peer(7, AtPeer, ReadWrite).PeerNumber, PfnEntry.Peer(7, AtPeer, ReadWrite).Address));
    }
}
