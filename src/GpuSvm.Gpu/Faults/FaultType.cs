namespace GpuSvm.Gpu;

/// <summary>Why the MMU could not translate an access; the numbers are those of the fault entry (5 bits).</summary>
/// <remarks>Source: NVIDIA dev_fault.h, NV_PFAULT_FAULT_TYPE_*.</remarks>
public enum FaultType : byte
{
    /// <summary>No valid directory entry.</summary>
    Pde = 0,

    /// <summary>A directory entry of a wrong size.</summary>
    PdeSize = 1,

    /// <summary>No valid page entry.</summary>
    Pte = 2,

    /// <summary>The address lies beyond what the format translates.</summary>
    VaLimitViolation = 3,

    /// <summary>The channel has no address space.</summary>
    UnboundInstanceBlock = 4,

    /// <summary>A user access to a privileged page.</summary>
    PrivilegeViolation = 5,

    /// <summary>A store to a read-only page.</summary>
    ReadOnlyViolation = 6,

    /// <summary>An entry names memory that the unit cannot reach.</summary>
    UnsupportedAperture = 10,

    /// <summary>The address is not a multiple of the access size.</summary>
    /// <remarks>GpuSvm's own use of REGION_VIOLATION's number: real GPUs report misalignment by another unit.</remarks>
    Misaligned = 13,

    /// <summary>An atomic to a page without the atomic right.</summary>
    AtomicViolation = 15,
}
