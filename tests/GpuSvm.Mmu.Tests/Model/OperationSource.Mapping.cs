using GpuSvm.Core;

namespace GpuSvm.Mmu.Tests.Model;

/// <content>What is mapped, and where.</content>
internal sealed partial class OperationSource<TFormat>
{
    private static readonly int[] PfnShifts =
    [
        .. Enumerable.Range(0, TFormat.PageTypeCount).Select(TFormat.PageType)
            .Where(static type => type.Can(PageTypeUses.Pfn)).Select(static type => type.Shift),
    ];

    private Operation DrawMap()
    {
        ulong address = DrawAddress();
        ulong size = ((ulong)random.Next(20) + 1) << Pick([12, 12, 16, 16, 21]);
        if (model.Areas.Count > 0 && !OneIn(4) && Pick(model.Areas) is { IsClients: false } area)
        {
            // All of it, or what an earlier mapping left: from a place in it to its end, or less.
            int unit = Pick([12, 16, 16, 21]);
            ulong inside = (area.Start + random.Next(area.End - area.Start)) & ~((1UL << unit) - 1);
            address = OneIn(2) ? area.Start : Math.Max(area.Start, inside);
            ModelMap? old = area.MapAt(address);
            ulong rest = area.End - address;
            address = old is not null && OneIn(2) ? old.Start : address;
            size = old is not null && OneIn(2) ? old.End - old.Start : OneIn(2) ? rest : Math.Min(rest, size);
        }

        size = OneIn(100) ? Pick([0UL, unchecked(0 - address), ulong.MaxValue, size + 1]) : size;
        ModelObject memory = Pick(objects);
        ulong offset = OneIn(3) ? 0 : ((ulong)random.Next(16)) << Pick([12, 16, 21]);
        offset = OneIn(100) ? Pick([ulong.MaxValue, ulong.MaxValue - 4095, 1UL]) : offset;
        return new Operation.Map(address, size, memory.Id, offset, OneIn(3) ? DrawAttributes() : null);
    }

    private MapAttributes DrawAttributes() => new(
        (PageAttributes)random.Next(16) & ~PageAttributes.Encrypted, OneIn(3) ? Pick([(byte)0xfe, (byte)7]) : (byte)0);

    private Operation DrawPfnMap()
    {
        int shift = PfnShifts.Length == 0 || OneIn(100) ? Pick([12, 16, 21, 29, 63]) : OneIn(5) ? PfnShifts[0] : PfnShifts[^1];
        ulong address = DrawAddress();
        address = OneIn(50) ? address : address & ~((1UL << shift) - 1);
        int count = shift >= 21 ? random.Next(4) : OneIn(40) ? random.Next(600) : random.Next(OneIn(4) ? 40 : 6) + 1;
        var pfns = new PfnEntry[count];
        int same = 0;
        int what = 0;
        for (int i = 0; i < count; i++, same--)
        {
            if (same <= 0)
            {
                same = random.Next(12) + 1;
                what = random.Next(6);
            }

            pfns[i] = DrawEntry(what, shift);
        }

        return new Operation.PfnMap(shift, address, pfns);
    }

    /// <summary>A hole, a host page, a page on the bus or a page of video memory; many of the same few, so that pages are replaced by themselves.</summary>
    private PfnEntry DrawEntry(int what, int shift)
    {
        var rights = (TranslationRights)random.Next(8) | TranslationRights.Read;
        int order = Math.Clamp(shift - Page.Shift, 0, 9);
        ulong frame = (ulong)random.Next(OneIn(4) ? 4 : 4096) << order;
        return what switch
        {
            0 => PfnEntry.None,
            < 3 => PfnEntry.Host(new FrameNumber(frame + (1UL << 20)), rights),
            3 => PfnEntry.Bus(new DeviceAddress((OneIn(300) ? 1UL << 60 : 0) + (frame << Page.Shift) + (OneIn(100) ? Page.Size : 0)), rights),
            _ => PfnEntry.VideoMemory((OneIn(300) ? 1UL << 60 : 0) + (frame << Page.Shift), rights),
        };
    }

    private Operation DrawPfnUnmap()
    {
        ulong start = DrawAddress();
        ulong size = ((ulong)random.Next(24) << Pick([12, 12, 16, 21])) + (OneIn(10) ? random.Next(4096UL) : 0);
        size = OneIn(10) ? random.Next(model.Bounds.Length) : size;
        return new Operation.PfnUnmap(start, size);
    }
}
