namespace GpuSvm.Mmu;

/// <summary>What entries of a page type can hold.</summary>
/// <remarks>Source: Linux nouveau vmm.h, NVKM_VMM_PAGE_*; the pfn operations stand in its tables of functions.</remarks>
[Flags]
public enum PageTypeUses : byte
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Sparse: loads read zero, stores are dropped.</summary>
    Sparse = 1,

    /// <summary>A page of video memory.</summary>
    VideoMemory = 2,

    /// <summary>A page of system memory.</summary>
    SystemMemory = 4,

    /// <summary>A page that is mapped by pfn.</summary>
    Pfn = 8,
}
