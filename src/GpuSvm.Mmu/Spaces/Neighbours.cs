using GpuSvm.Mmu.Areas;

namespace GpuSvm.Mmu.Spaces;

/// <summary>The pieces beside a range that are in the state that the range will have: it becomes part of them.</summary>
/// <param name="Previous">The piece that ends where the range starts, or null.</param>
/// <param name="Next">The piece that starts where the range ends, or null.</param>
/// <remarks>Only what was allocated as one is joined. Source: Linux nouveau vmm.c, nvkm_vmm_pfn_split_merge.</remarks>
internal readonly record struct Neighbours(GpuVma? Previous, GpuVma? Next)
{
    /// <summary>True if there is one.</summary>
    public bool Any => Previous is not null || Next is not null;

    /// <summary>The neighbours in which pages of a type are mapped by pfn.</summary>
    public static Neighbours Mapped(GpuVma vma, ulong start, ulong end, int type) => new(
        vma.Start == start && vma is { IsPart: true, Previous: { IsPfnMapped: true } previous } && previous.Referenced == type ? previous : null,
        vma.End == end && vma.Next is { IsPart: true, IsPfnMapped: true } next && next.Referenced == type ? next : null);

    /// <summary>The neighbours in which nothing is mapped.</summary>
    public static Neighbours Unmapped(GpuVma vma, ulong start, ulong end) => new(
        vma.Start == start && vma is { IsPart: true, Previous: { IsMapped: false } previous } ? previous : null,
        vma.End == end && vma.Next is { IsPart: true, IsMapped: false } next ? next : null);
}
