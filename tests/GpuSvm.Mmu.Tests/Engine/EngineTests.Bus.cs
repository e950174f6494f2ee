using GpuSvm.Core;
using GpuSvm.Mmu.Tests.Infrastructure;

namespace GpuSvm.Mmu.Tests.Engine;

/// <content>Pages by pfn that somebody else has mapped for DMA.</content>
public abstract partial class EngineTests<TFormat>
{
    // Bits that no other address of these tests has.
    private static readonly DeviceAddress OnBus = new(0x26_4000_0000);

    [Fact]
    public void A_page_on_the_bus_is_entered_at_its_address_and_never_DMA_mapped_or_unmapped()
    {
        foreach (PageType type in FormatRig<TFormat>.Types(PageTypeUses.Pfn))
        {
            using var f = new FormatRig<TFormat>();
            ulong address = f.Get(2 * type.Size, align: type.Shift);
            f.Dma.Failures.Allowed = 0;
            PfnEntry[] pfns = [PfnEntry.Bus(OnBus, ReadWrite), PfnEntry.Bus(At(OnBus, type.Size), TranslationRights.Read)];
            Assert.Equal(Errno.None, f.Space.PfnMap(type.Shift, address, pfns));
            DecodedEntry first = f.Walk(address);
            DecodedEntry second = f.Walk(address + type.Size);
            Assert.Equal((PageTableEntryKind.Page, type.Shift, OnBus.Value), (first.Kind, first.Shift, first.Address));
            Assert.Equal((Aperture.SystemCoherent, ReadWrite, true), (first.Aperture, first.Rights, first.IsVolatile));
            Assert.Equal((OnBus.Value + type.Size, TranslationRights.Read), (second.Address, second.Rights));
            Assert.Equal((2L << (type.Shift - 12), 0, 0), (f.Space.MappedPages, f.Space.Counters.DmaMaps, f.Tlb.Count));

            f.Journal.Take();
            Assert.Equal(Errno.None, f.Space.PfnUnmap(new AddressRange(address, address + type.Size)));
            Assert.Equal((PageTableEntryKind.Invalid, PageTableEntryKind.Page), (f.Kind(address), f.Kind(address + type.Size)));
            f.PutOk(address);
            Assert.DoesNotContain("unmap", f.Journal.Take(), StringComparison.Ordinal);
            Assert.Equal((0, 2), (f.Space.Counters.DmaUnmaps, f.Tlb.Count));
            f.ExpectOnlyTheRoot();
        }
    }

    [Fact]
    public void Of_the_pages_of_one_table_those_that_were_DMA_mapped_for_it_are_unmapped_and_no_others()
    {
        foreach (PageType type in FormatRig<TFormat>.Types(PageTypeUses.Pfn))
        {
            using var f = new FormatRig<TFormat>();
            ulong address = f.Get(6 * type.Size, align: type.Shift);
            ulong frames = type.Size >> 12;
            PfnEntry[] pfns =
            [
                PfnEntry.Bus(OnBus, ReadWrite), Host(1), PfnEntry.VideoMemory(Target, ReadWrite), PfnEntry.Bus(At(OnBus, type.Size), ReadWrite), Host(2),
            ];
            Assert.Equal(Errno.None, f.Space.PfnMap(type.Shift, address, pfns));
            Assert.Equal((2, 2), (f.Dma.MappedPages, f.Space.Counters.DmaMaps));

            // A page on the bus takes the place of one of ours, and the other way round.
            f.Journal.Take();
            Assert.Equal(
                Errno.None, f.Space.PfnMap(type.Shift, address, [Host(3), PfnEntry.Bus(At(OnBus, 2 * type.Size), TranslationRights.Read)]));
            Assert.Equal(
                $"map pfn:0x{3 * frames:x} Bidirectional\nflush [0x{address:x}, 0x{address + (2 * type.Size):x}) depth {DepthOf(type)}\n" +
                $"unmap pfn:0x{frames:x}",
                f.Journal.Take());
            Assert.Equal(new FrameNumber(3 * frames), f.Dma.Resolve(f.Walk(address).Address).Frame);
            Assert.Equal(OnBus.Value + (2 * type.Size), f.Walk(address + type.Size).Address);

            Assert.Equal(Errno.None, f.Space.PfnUnmap(new AddressRange(address, address + (4 * type.Size))));
            Assert.Equal((1, 2), (f.Dma.MappedPages, f.Space.Counters.DmaUnmaps));
            f.PutOk(address);
            Assert.Equal((0, 3), (f.Dma.MappedPages, f.Space.Counters.DmaUnmaps));

            PfnEntry Host(ulong number) => PfnEntry.Host(new FrameNumber(number * frames), ReadWrite);
        }
    }

    [Fact]
    public void A_page_on_the_bus_gains_rights_in_place_and_loses_them_with_a_flush()
    {
        foreach (PageType type in FormatRig<TFormat>.Types(PageTypeUses.Pfn))
        {
            using var f = new FormatRig<TFormat>();
            ulong address = f.Get(type.Size, align: type.Shift);
            (TranslationRights Rights, int Flushes)[] steps = [(TranslationRights.Read, 0), (ReadWrite, 0), (ReadWrite, 0), (TranslationRights.Read, 1)];
            foreach ((TranslationRights rights, int flushes) in steps)
            {
                Assert.Equal(Errno.None, f.Space.PfnMap(type.Shift, address, [PfnEntry.Bus(OnBus, rights)]));
                Assert.Equal((rights, OnBus.Value, flushes), (f.Walk(address).Rights, f.Walk(address).Address, f.Tlb.Count));
            }
        }
    }

    [Fact]
    public void An_address_on_the_bus_that_no_entry_can_hold_is_refused_and_touches_nothing()
    {
        foreach (PageType type in FormatRig<TFormat>.Types(PageTypeUses.Pfn))
        {
            using var f = new FormatRig<TFormat>();
            ulong address = f.Get(2 * type.Size, align: type.Shift);
            f.Journal.Take();
            ulong tooWide = 1UL << 60;
            Assert.Equal(Errno.EINVAL, f.Space.PfnMap(type.Shift, address, [PfnEntry.Bus(OnBus, ReadWrite), PfnEntry.Bus(new(tooWide), ReadWrite)]));
            if (type.Size > Page.Size)
            {
                Assert.Equal(Errno.EINVAL, f.Space.PfnMap(type.Shift, address, [PfnEntry.Bus(At(OnBus, Page.Size), ReadWrite)]));
            }

            Assert.Equal("", f.Journal.Take());
            f.ExpectOnlyTheRoot();
        }
    }

    [Fact]
    public void A_run_whose_DMA_mapping_fails_leaves_pages_on_the_bus_to_their_owner()
    {
        foreach (PageType type in FormatRig<TFormat>.Types(PageTypeUses.Pfn))
        {
            using var f = new FormatRig<TFormat>();
            ulong address = f.Get(4 * type.Size, align: type.Shift);
            f.Dma.Failures.Allowed = 1;
            var frame = new FrameNumber(type.Size >> 12);
            PfnEntry[] pfns = [PfnEntry.Bus(OnBus, ReadWrite), PfnEntry.Host(frame, ReadWrite), PfnEntry.Host(frame, ReadWrite)];
            Assert.Equal(Errno.ENOMEM, f.Space.PfnMap(type.Shift, address, pfns));
            Assert.DoesNotContain(pfns, static pfn => pfn.IsValid);
            Assert.Equal(0, f.Dma.MappedPages);
            f.ExpectOnlyTheRoot();
        }
    }

    private static DeviceAddress At(DeviceAddress start, ulong offset) => new(start.Value + offset);

    private static int DepthOf(PageType type) =>
        type.Size == FormatRig<TFormat>.SmallPage ? FormatRig<TFormat>.PageTableDepth : FormatRig<TFormat>.PageTableDepth - 1;
}
