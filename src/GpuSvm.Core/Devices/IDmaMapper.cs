namespace GpuSvm.Core;

/// <summary>Gives a device access to frames of system memory and takes it back: the IOMMU as a driver sees it.</summary>
/// <remarks>Any thread, several at the same time. Source: Linux dma_map_page and dma_unmap_page, Documentation/core-api/dma-api.rst.</remarks>
public interface IDmaMapper
{
    /// <summary>Number of pages that are mapped now: 0 once everything is torn down.</summary>
    long MappedPages { get; }

    /// <summary>Maps a block of frames.</summary>
    /// <param name="frame">First frame of the block.</param>
    /// <param name="order">Binary logarithm of the number of frames: 0 for 4 KiB, 9 for 2 MiB.</param>
    /// <param name="direction">What the device may do with the memory.</param>
    /// <param name="address">Where the device finds the block: aligned to its size, and not a frame number.</param>
    /// <returns><see cref="Errno.None"/>, or <see cref="Errno.ENOMEM"/> when no device addresses are left.</returns>
    Errno TryMap(FrameNumber frame, int order, DmaDirection direction, out DeviceAddress address);

    /// <summary>Maps blocks of frames of one size, all of them or none: as <see cref="TryMap"/> each, at the cost of less.</summary>
    /// <param name="frames">First frame of each block.</param>
    /// <param name="order">Binary logarithm of the number of frames of a block.</param>
    /// <param name="direction">What the device may do with the memory.</param>
    /// <param name="addresses">Where the device finds each block; not to be read after an error.</param>
    /// <returns>As <see cref="TryMap"/>; each block is unmapped on its own.</returns>
    Errno TryMapAll(ReadOnlySpan<FrameNumber> frames, int order, DmaDirection direction, Span<DeviceAddress> addresses)
    {
        int mapped = 0;
        try
        {
            while (mapped < frames.Length && TryMap(frames[mapped], order, direction, out addresses[mapped]) == Errno.None)
            {
                mapped++;
            }
        }
        finally
        {
            // Also where a frame does not exist.
            for (int i = 0; mapped < frames.Length && i < mapped; i++)
            {
                Unmap(addresses[i], order);
            }
        }

        return mapped == frames.Length ? Errno.None : Errno.ENOMEM;
    }

    /// <summary>Takes a mapping back. The device's own translations of it have been flushed before.</summary>
    /// <param name="address">What <see cref="TryMap"/> gave.</param>
    /// <param name="order">The order it was mapped with.</param>
    void Unmap(DeviceAddress address, int order);
}
