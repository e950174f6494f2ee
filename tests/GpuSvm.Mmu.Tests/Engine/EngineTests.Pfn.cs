using GpuSvm.Core;
using GpuSvm.Mmu.Tests.Infrastructure;

namespace GpuSvm.Mmu.Tests.Engine;

/// <content>Pages by pfn, where the format has them.</content>
public abstract partial class EngineTests<TFormat>
{
    private const TranslationRights ReadWrite = TranslationRights.Read | TranslationRights.Write;

    [Fact]
    public void A_page_size_without_pfns_is_refused_and_the_array_is_left_alone()
    {
        using var f = new FormatRig<TFormat>();
        ulong address = f.Get(FormatRig<TFormat>.Block, align: 40);
        f.Journal.Take();
        for (int i = 0; i < TFormat.PageTypeCount; i++)
        {
            PageType type = TFormat.PageType(i);
            PfnEntry[] pfns = [PfnEntry.VideoMemory(Target, ReadWrite)];
            if (!type.Can(PageTypeUses.Pfn))
            {
                Assert.Equal(Errno.EINVAL, f.Space.PfnMap(type.Shift, address, pfns));
                Assert.True(pfns[0].IsValid);
            }
        }

        Assert.Equal("", f.Journal.Take());
        f.ExpectOnlyTheRoot();
        Assert.Equal(Errno.None, f.Space.PfnUnmap(new AddressRange(address, address + 0x1000)));
    }

    [Fact]
    public void Pages_by_pfn_are_found_replaced_and_taken_back()
    {
        foreach (PageType type in FormatRig<TFormat>.Types(PageTypeUses.Pfn))
        {
            using var f = new FormatRig<TFormat>();
            ulong address = f.Get(4 * type.Size, align: type.Shift);
            var frame = new FrameNumber(type.Size >> 12);
            PfnEntry[] pfns = [PfnEntry.VideoMemory(Target, ReadWrite), PfnEntry.None, PfnEntry.Host(frame, TranslationRights.Read)];
            Assert.Equal(Errno.None, f.Space.PfnMap(type.Shift, address, pfns));
            Assert.Equal(0, f.Tlb.Count);
            Assert.Equal(2 * (long)(type.Size >> 12), f.Space.MappedPages);

            DecodedEntry video = f.Walk(address);
            Assert.Equal((PageTableEntryKind.Page, type.Shift, Target), (video.Kind, video.Shift, video.Address));
            Assert.Equal((Aperture.VideoMemory, ReadWrite, false), (video.Aperture, video.Rights, video.IsVolatile));
            Assert.Equal(PageTableEntryKind.Invalid, f.Kind(address + type.Size));
            DecodedEntry host = f.Walk(address + (2 * type.Size));
            Assert.Equal((Aperture.SystemCoherent, TranslationRights.Read, true), (host.Aperture, host.Rights, host.IsVolatile));
            Assert.Equal((frame, DmaDirection.ToDevice), f.Dma.Resolve(host.Address));

            // The old host page is invalid, flushed and DMA-unmapped before the new one shows.
            f.Tlb.AtFlush = () => Assert.Equal(PageTableEntryKind.Invalid, f.Kind(address + (2 * type.Size)));
            Assert.Equal(Errno.None, f.Space.PfnMap(type.Shift, address + (2 * type.Size), [PfnEntry.VideoMemory(0, ReadWrite)]));
            f.Tlb.AtFlush = null;
            Assert.Equal((1, 0), (f.Tlb.Count, f.Dma.MappedPages));
            Assert.Equal(0UL, f.Walk(address + (2 * type.Size)).Address);

            Assert.Equal(Errno.None, f.Space.PfnUnmap(new AddressRange(address, address + (3 * type.Size))));
            Assert.Equal((PageTableEntryKind.Invalid, 2, 0), (f.Kind(address), f.Tlb.Count, f.Space.MappedPages));
            f.ExpectOnlyTheRoot();
        }
    }

    [Fact]
    public void A_run_of_pages_by_pfn_crosses_page_tables()
    {
        if (!TFormat.PageType(Smallest).Can(PageTypeUses.Pfn))
        {
            return;
        }

        using var f = new FormatRig<TFormat>(start: FormatRig<TFormat>.Block - 0x5000);
        ulong address = f.Get(0x10_0000);
        PfnEntry[] pfns = [.. Enumerable.Range(0, 256).Select(i => PfnEntry.VideoMemory((ulong)(i * 3) << 12, ReadWrite))];
        Assert.Equal(Errno.None, f.Space.PfnMap(12, address, pfns));
        for (int i = 0; i < 256; i++)
        {
            Assert.Equal((ulong)(i * 3) << 12, f.Walk(address + ((ulong)i << 12)).Address);
        }

        f.PutOk(address);
        f.ExpectOnlyTheRoot();
    }

    [Fact]
    public void Pages_by_pfn_replace_those_of_another_size_whole()
    {
        PageType[] types = [.. FormatRig<TFormat>.Types(PageTypeUses.Pfn)];
        if (types.Length < 2)
        {
            return;
        }

        using var f = new FormatRig<TFormat>();
        (PageType large, PageType small) = (types[0], types[^1]);
        ulong address = f.Get(large.Size, align: large.Shift);
        Assert.Equal(Errno.None, f.Space.PfnMap(large.Shift, address, [PfnEntry.Host(new FrameNumber(large.Size >> 12), ReadWrite)]));
        Assert.Equal(Errno.None, f.Space.PfnMap(small.Shift, address + 0x5000, [PfnEntry.VideoMemory(Target, ReadWrite)]));
        Assert.Equal((1, 0), (f.Space.MappedPages, f.Dma.MappedPages));
        Assert.Equal(PageTableEntryKind.Invalid, f.Kind(address));
        f.ExpectPages(address + 0x5000, 0x1000, 12, Target);
        Assert.Equal(Errno.None, f.Space.PfnMap(large.Shift, address, [PfnEntry.VideoMemory(large.Size, ReadWrite)]));
        f.ExpectPages(address, large.Size, large.Shift, large.Size);
        f.PutOk(address);
        f.ExpectOnlyTheRoot();
    }
}
