namespace GpuSvm;

/// <summary>How a driver follows what the CPU does to memory that the GPU uses. What is computed is the same by each.</summary>
/// <remarks>docs/mirror-strategies.md compares them.</remarks>
public enum MirrorStrategy
{
    /// <summary>A watch for each fault, and one for the whole address space.</summary>
    PerFault,

    /// <summary>A lasting watch for each mapping of the CPU.</summary>
    VmaSized,

    /// <summary>Lasting watches that coincide with nodes of the GPU's page table.</summary>
    TableAligned,

    /// <summary>
    /// Ranges of consecutive pages, made where the GPU faults, brought in, mapped and moved as a whole: the one by which pages move to the
    /// GPU's memory on fault.
    /// </summary>
    SizedRanges,
}
