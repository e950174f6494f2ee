namespace GpuSvm.Gpu;

/// <summary>One fault, as decoded from the 32 bytes that the GPU writes.</summary>
/// <param name="Instance">The channel.</param>
/// <param name="Address">The byte that was accessed, exactly.</param>
/// <param name="Timestamp">The GPU's clock in nanoseconds.</param>
/// <param name="Engine">The unit's engine number.</param>
/// <param name="Gpc">Graphics processing cluster, 0 to 31.</param>
/// <param name="IsHub">True for units outside the clusters.</param>
/// <param name="Access">What the access wanted.</param>
/// <param name="Client">The unit inside its cluster, 0 to 127: the SM.</param>
/// <param name="Type">Why it was not translated.</param>
public readonly record struct FaultEntry(
    InstancePointer Instance,
    VirtualAddress Address,
    ulong Timestamp,
    uint Engine,
    byte Gpc,
    bool IsHub,
    FaultAccess Access,
    byte Client,
    FaultType Type);
