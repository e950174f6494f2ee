namespace GpuSvm.Core;

/// <summary>What a device may do with mapped memory.</summary>
/// <remarks>Source: Linux enum dma_data_direction.</remarks>
public enum DmaDirection : byte
{
    /// <summary>Read and write (DMA_BIDIRECTIONAL).</summary>
    Bidirectional = 0,

    /// <summary>Read only (DMA_TO_DEVICE).</summary>
    ToDevice = 1,
}
