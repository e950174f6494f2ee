namespace GpuSvm.Mmu;

/// <summary>Who places what in a GPU's address space.</summary>
/// <remarks>Source: Linux nouveau include/nvif/if000c.h, NVIF_VMM_V0_TYPE_*.</remarks>
public enum GpuAddressSpaceManagement : byte
{
    /// <summary>All addresses are given out by <see cref="GpuAddressSpace.TryGet"/>.</summary>
    Unmanaged = 0,

    /// <summary>The client places what it maps, in all of the space but one window.</summary>
    Managed = 1,
}
