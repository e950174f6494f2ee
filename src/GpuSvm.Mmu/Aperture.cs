namespace GpuSvm.Mmu;

/// <summary>Which memory a page-table entry points at; the numbering is that of NVIDIA's PTEs.</summary>
/// <remarks>Source: NVIDIA dev_mmu.h, NV_MMU_VER2_PTE_APERTURE. Directory entries number the same apertures otherwise.</remarks>
public enum Aperture : byte
{
    /// <summary>The GPU's own memory.</summary>
    VideoMemory = 0,

    /// <summary>Another GPU's memory.</summary>
    Peer = 1,

    /// <summary>System memory, snooped.</summary>
    SystemCoherent = 2,

    /// <summary>System memory, not snooped.</summary>
    SystemNonCoherent = 3,
}
