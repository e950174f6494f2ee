namespace GpuSvm.Gpu;

/// <summary>The pages of a GPU's own memory, as its driver gives them out. Page tables come from the same pages.</summary>
public interface IVideoMemory
{
    /// <summary>Number of 4 KiB pages; page n lies at byte address n * 4096.</summary>
    ulong PageCount { get; }

    /// <summary>The frame by which the CPU reaches page 0, the others follow; null where only the GPU reaches its memory.</summary>
    FrameNumber? FirstFrame => null;

    /// <summary>Takes pages for data. What they hold is not defined.</summary>
    /// <param name="order">Binary logarithm of their number, 0 to <see cref="BuddyAllocator.LargestOrder"/>.</param>
    /// <param name="firstPage">The first page: a multiple of their number.</param>
    /// <returns><see cref="Errno.None"/>, or <see cref="Errno.ENOMEM"/>.</returns>
    Errno TryAllocatePages(int order, out ulong firstPage);

    /// <summary>Gives pages back: an aligned block of some that were taken, be it together or not.</summary>
    /// <param name="firstPage">The first page.</param>
    /// <param name="order">Binary logarithm of their number.</param>
    /// <remarks>No entry of the GPU names them any more, and its TLB was flushed.</remarks>
    void FreePages(ulong firstPage, int order);
}
