namespace GpuSvm;

/// <summary>Where the bytes of a page are.</summary>
public enum PagePlacement : byte
{
    /// <summary>Nobody has touched the page yet, or it was given up: it reads as zero.</summary>
    Nowhere,

    /// <summary>In the memory of the CPU, which the GPU reaches too.</summary>
    SystemMemory,

    /// <summary>In the GPU's own memory: the CPU brings it home when it touches it.</summary>
    DeviceMemory,
}
