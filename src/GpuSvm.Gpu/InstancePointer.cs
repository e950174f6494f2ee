using System.Globalization;

namespace GpuSvm.Gpu;

/// <summary>The address of a channel's instance block: what a fault entry names its channel by.</summary>
/// <param name="Address">Byte address, a multiple of 4096.</param>
/// <remarks>Source: NVIDIA dev_ram.h; nouveau fault entry words 0 and 1.</remarks>
public readonly record struct InstancePointer(ulong Address)
{
    /// <summary>The address in hexadecimal with prefix.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"inst:0x{Address:x}");
}
