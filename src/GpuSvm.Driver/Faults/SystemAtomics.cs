namespace GpuSvm.Driver;

/// <summary>How atomic accesses of the GPU reach pages of system memory.</summary>
public enum SystemAtomics : byte
{
    /// <summary>
    /// The device cannot change a word of system memory while the CPU may look: an atomic takes the page from the CPU for itself first
    /// (<see cref="DeviceExclusive"/>), and no other access ever gets the right to atomics there.
    /// </summary>
    /// <remarks>
    /// What cannot be taken is cancelled with a reason: memory that may not be written (EPERM), and pages of shared mappings, of a file or
    /// anonymous, unless they are a <see cref="MemoryObject"/>'s (EOPNOTSUPP). Source: nouveau_svm.c, nouveau_atomic_range_fault.
    /// </remarks>
    DeviceExclusive,

    /// <summary>The device's atomics are those of the memory, as over NVLink C2C: wherever it may write it may do atomics.</summary>
    Native,
}
