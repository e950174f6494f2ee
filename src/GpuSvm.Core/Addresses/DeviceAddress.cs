using System.Globalization;

namespace GpuSvm.Core;

/// <summary>An address that a device puts on its bus, in bytes; the IOMMU translates it to system memory.</summary>
/// <param name="Value">The address: never a frame number, so that a stale or mixed-up one is caught.</param>
/// <remarks>Source: Linux <c>dma_addr_t</c>, Documentation/core-api/dma-api.rst.</remarks>
public readonly record struct DeviceAddress(ulong Value)
{
    /// <summary>The address in hexadecimal with prefix.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"dma:0x{Value:x}");
}
