using System.Globalization;

namespace GpuSvm.Gpu;

/// <summary>Where the copy engine reads or writes: in system memory, through the IOMMU, or in video memory.</summary>
/// <param name="IsVideoMemory">Which of the two.</param>
/// <param name="Address">Address of the first byte: a device address, or one of video memory.</param>
public readonly record struct CopyOperand(bool IsVideoMemory, ulong Address)
{
    /// <summary>Bytes of system memory that are mapped for DMA.</summary>
    public static CopyOperand System(DeviceAddress address) => new(IsVideoMemory: false, address.Value);

    /// <summary>Bytes of video memory.</summary>
    public static CopyOperand Video(ulong address) => new(IsVideoMemory: true, address);

    /// <summary>The address with the name of the memory.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{(IsVideoMemory ? "vram" : "dma")}:0x{Address:x}");
}
