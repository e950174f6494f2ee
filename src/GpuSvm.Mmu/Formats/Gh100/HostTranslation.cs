namespace GpuSvm.Mmu.Formats.Gh100;

/// <summary>Whether the GPU may also ask the host for the translation of an address (address translation services, ATS).</summary>
/// <remarks>Source: NVIDIA hopper/gh100/dev_mmu.h, NV_MMU_VER3_PDE_PCF_*_ATS_ALLOWED and _ATS_NOT_ALLOWED.</remarks>
public enum HostTranslation : byte
{
    /// <summary>It may.</summary>
    Allowed = 0,

    /// <summary>It may not: what these tables do not say is a fault.</summary>
    NotAllowed = 1,
}
