using System.Numerics;

namespace GpuSvm.Mmu.Spaces;

/// <summary>The page sizes of a format as sets of bits, worked out once: the number 2^n has bit n.</summary>
/// <typeparam name="TFormat">The format.</typeparam>
internal static class PageSizes<TFormat>
    where TFormat : struct, IPageTableFormat
{
    private static readonly sbyte[] Types = [.. Enumerable.Range(0, 64).Select(FindType)];

    /// <summary>Those of sparse blocks.</summary>
    public static readonly ulong Sparse = ThatCan(PageTypeUses.Sparse);

    /// <summary>Those of pages of video memory.</summary>
    public static readonly ulong VideoMemory = ThatCan(PageTypeUses.VideoMemory);

    /// <summary>Those of pages of system memory.</summary>
    public static readonly ulong SystemMemory = ThatCan(PageTypeUses.SystemMemory);

    /// <summary>Those of pages that can be mapped by pfn.</summary>
    public static readonly ulong Pfn = ThatCan(PageTypeUses.Pfn);

    /// <summary>Number of the page type of a size, or <see cref="Areas.GpuVma.None"/>.</summary>
    /// <param name="shift">Binary logarithm of the size.</param>
    public static int TypeOf(int shift) => (uint)shift < 64 ? Types[shift] : Areas.GpuVma.None;

    /// <summary>Number of the page type of the largest size of a set that is not empty.</summary>
    public static int LargestOf(ulong sizes) => Types[BitOperations.Log2(sizes)];

    /// <summary>The sizes of a set up to a limit, which is not 0.</summary>
    public static ulong UpTo(ulong limit, ulong sizes) => sizes & (ulong.MaxValue >> BitOperations.LeadingZeroCount(limit));

    /// <summary>The sizes of a set that a number is a multiple of.</summary>
    // All bits up to the lowest one that is set; all bits for 0.
    public static ulong Dividing(ulong number, ulong sizes) => sizes & unchecked(number ^ (number - 1));

    private static ulong ThatCan(PageTypeUses use)
    {
        ulong sizes = 0;
        for (int type = 0; type < TFormat.PageTypeCount; type++)
        {
            sizes |= TFormat.PageType(type).Can(use) ? TFormat.PageType(type).Size : 0;
        }

        return sizes;
    }

    private static sbyte FindType(int shift)
    {
        int type = TFormat.PageTypeCount - 1;
        while (type >= 0 && TFormat.PageType(type).Shift != shift)
        {
            type--;
        }

        return (sbyte)type;
    }
}
