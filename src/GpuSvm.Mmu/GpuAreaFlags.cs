namespace GpuSvm.Mmu;

/// <summary>The state of a piece of an address space.</summary>
/// <remarks>Source: Linux nouveau vmm.h, struct nvkm_vma.</remarks>
[Flags]
public enum GpuAreaFlags : byte
{
    /// <summary>Free.</summary>
    None = 0,

    /// <summary>Allocated, or the client's.</summary>
    Used = 1,

    /// <summary>Page tables are referenced by each mapping.</summary>
    MapReferences = 2,

    /// <summary>Sparse where nothing is mapped.</summary>
    Sparse = 4,

    /// <summary>Split from the piece before it.</summary>
    Part = 8,

    /// <summary>Being worked on.</summary>
    Busy = 16,

    /// <summary>Memory or pages are mapped.</summary>
    Mapped = 32,
}
