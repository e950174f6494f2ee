namespace GpuSvm;

/// <summary>How a mapping may be remapped. Source: mremap(2); the numbers are its own.</summary>
[Flags]
public enum RemapFlags
{
    /// <summary>It stays where it is, or the call fails.</summary>
    None = 0,

    /// <summary>It may move (MREMAP_MAYMOVE).</summary>
    MayMove = 1,

    /// <summary>It moves to the address given, in place of whatever is there (MREMAP_FIXED).</summary>
    Fixed = 2,

    /// <summary>Its pages move, the old mapping stays without them (MREMAP_DONTUNMAP).</summary>
    DontUnmap = 4,
}
