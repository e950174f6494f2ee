namespace GpuSvm.Mm;

/// <summary>Which pages of a cache a mapping shows.</summary>
/// <param name="Cache">The file, or the shared memory.</param>
/// <param name="Sharing">Whom writes reach.</param>
/// <param name="OffsetBytes">Where the mapping begins in it: a multiple of the page size.</param>
public readonly record struct CacheSource(PageCache Cache, MapSharing Sharing, ulong OffsetBytes = 0);
