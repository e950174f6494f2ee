namespace GpuSvm.Mmu.Formats.Gh100;

/// <summary>Whether the GPU counts accesses to a page, to say which pages are in use.</summary>
/// <remarks>Source: NVIDIA hopper/gh100/dev_mmu.h, NV_MMU_VER3_PTE_PCF_*_ACE and _ACD.</remarks>
public enum AccessCounting : byte
{
    /// <summary>Counted (ACE).</summary>
    Enabled = 0,

    /// <summary>Not counted (ACD).</summary>
    Disabled = 1,
}
