namespace GpuSvm.Mm;

/// <summary>Whether the CPU can reach a device's memory.</summary>
/// <remarks>Source: Linux include/linux/memremap.h, enum memory_type.</remarks>
public enum DevicePageKind
{
    /// <summary>Only the device can: a page that lives there has an entry that is not present, and a touch of the CPU brings it home.</summary>
    Private = 1,

    /// <summary>The CPU can, too: a page that lives there has an ordinary entry.</summary>
    Coherent = 2,
}
