namespace GpuSvm.Mmu;

/// <summary>A size of page or sparse block that a format offers.</summary>
/// <param name="Shift">Binary logarithm of the size in bytes: that of the entries of one kind of table.</param>
/// <param name="Uses">What such an entry can hold.</param>
/// <remarks>Source: Linux nouveau vmm.h, struct nvkm_vmm_page.</remarks>
public readonly record struct PageType(int Shift, PageTypeUses Uses)
{
    /// <summary>Size in bytes.</summary>
    public ulong Size => 1UL << Shift;

    /// <summary>True if an entry can hold all of this.</summary>
    public bool Can(PageTypeUses uses) => (Uses & uses) == uses;

    /// <summary>True if an address or a size is a multiple of the page size.</summary>
    public bool IsAligned(ulong value) => (value & (Size - 1)) == 0;
}
