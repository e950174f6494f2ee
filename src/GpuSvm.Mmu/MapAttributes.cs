namespace GpuSvm.Mmu;

/// <summary>How memory is mapped, when the usual way is not wanted.</summary>
/// <param name="Attributes">Read-only, privileged, volatile.</param>
/// <param name="Kind">How the memory is tiled; 0 is pitch.</param>
/// <remarks>Source: Linux nouveau include/nvif/if500d.h, struct gp100_vmm_map_v0.</remarks>
public readonly record struct MapAttributes(PageAttributes Attributes = PageAttributes.None, byte Kind = 0);
