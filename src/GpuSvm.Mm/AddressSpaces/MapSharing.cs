namespace GpuSvm.Mm;

/// <summary>Whom a write to a mapping of a file reaches. Source: mmap(2).</summary>
public enum MapSharing : byte
{
    /// <summary>Nobody else: the page is copied first (MAP_PRIVATE).</summary>
    Private,

    /// <summary>Everybody who maps the same pages, and the file (MAP_SHARED).</summary>
    Shared,
}
