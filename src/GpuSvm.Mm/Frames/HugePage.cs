namespace GpuSvm.Mm;

/// <summary>The large page of the CPU: 2 MiB, which one entry of the page table above the lowest maps.</summary>
/// <remarks>Source: Intel SDM volume 3, 4.5.4 (a page-directory entry with PS set); Linux HPAGE_PMD_ORDER.</remarks>
public static class HugePage
{
    /// <summary>Binary logarithm of the number of pages: 9.</summary>
    public const int Order = 9;

    /// <summary>Number of 4 KiB pages: 512.</summary>
    public const int PageCount = 1 << Order;

    /// <summary>Size in bytes: 2 MiB.</summary>
    public const ulong Size = PageCount * Page.Size;

    /// <summary>Rounds a byte count or address down to a multiple of the size.</summary>
    public static ulong AlignDown(ulong value) => value & ~(Size - 1);

    /// <summary>True if a byte count or address is a multiple of the size.</summary>
    public static bool IsAligned(ulong value) => (value & (Size - 1)) == 0;

    /// <summary>The block of 2 MiB that holds an address.</summary>
    public static AddressRange BlockAt(ulong address) => AddressRange.FromLength(AlignDown(address), Size);

    /// <summary>True if a frame can be the first of a huge page.</summary>
    internal static bool IsHead(FrameNumber frame) => (frame.Value & (PageCount - 1)) == 0;

    /// <summary>The first frame of the block of 512 that a frame lies in.</summary>
    internal static FrameNumber HeadOf(FrameNumber frame) => new(frame.Value & ~(ulong)(PageCount - 1));
}
