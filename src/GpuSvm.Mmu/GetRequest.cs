namespace GpuSvm.Mmu;

/// <summary>A request for addresses.</summary>
/// <param name="Size">Number of bytes; not 0, and a multiple of the page size if there is one.</param>
/// <param name="PageShift">Binary logarithm of the page size that will be mapped there; 0 for any.</param>
/// <param name="AlignShift">Binary logarithm of the alignment, 63 at most; at least that of the page size, or of 4096, is given.</param>
/// <param name="Flags">What comes with the addresses.</param>
public readonly record struct GetRequest(
    ulong Size, int PageShift = 0, int AlignShift = 0, GetFlags Flags = GetFlags.MapReferences);
