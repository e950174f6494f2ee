namespace GpuSvm.Mm;

/// <summary>A place where an entry names a frame: a page of an address space.</summary>
/// <param name="SpaceId">The address space, as <see cref="PageFrames"/> numbers them: 0 to 2^28 - 2.</param>
/// <param name="Page">Address of the page's first byte; below 2^48.</param>
internal readonly record struct FrameMapping(int SpaceId, ulong Page)
{
    /// <summary>Most address spaces that can be told apart.</summary>
    public const int SpaceLimit = (1 << 28) - 1;

    private const int PageBits = 36;

    /// <summary>The place in one word, never 0.</summary>
    public ulong Packed => ((ulong)(SpaceId + 1) << PageBits) | (Page >> GpuSvm.Core.Page.Shift);

    /// <summary>The place of the page that many pages further on.</summary>
    public FrameMapping PageAt(int index) => this with { Page = Page + ((ulong)index * GpuSvm.Core.Page.Size) };

    /// <summary>The place that a word names.</summary>
    public static FrameMapping Unpack(ulong packed) =>
        new((int)(packed >> PageBits) - 1, (packed & ((1UL << PageBits) - 1)) << GpuSvm.Core.Page.Shift);
}
