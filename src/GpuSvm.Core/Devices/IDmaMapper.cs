namespace GpuSvm.Core;

/// <summary>Gives a device access to frames of system memory and takes it back: the IOMMU as a driver sees it.</summary>
/// <remarks>Source: Linux dma_map_page and dma_unmap_page, Documentation/core-api/dma-api.rst.</remarks>
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

    /// <summary>Takes a mapping back. The device's own translations of it have been flushed before.</summary>
    /// <param name="address">What <see cref="TryMap"/> gave.</param>
    /// <param name="order">The order it was mapped with.</param>
    void Unmap(DeviceAddress address, int order);
}
