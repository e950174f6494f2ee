namespace GpuSvm;

/// <summary>Where a new mapping goes. Source: mmap(2).</summary>
public enum MapPlacement : byte
{
    /// <summary>The highest free place below the start of earlier mappings; the hint is not looked at.</summary>
    Anywhere,

    /// <summary>At the hint, rounded down to a page, if that is free; else anywhere.</summary>
    Hint,

    /// <summary>At the hint, in place of whatever is mapped there (MAP_FIXED).</summary>
    Fixed,

    /// <summary>At the hint, or not at all (MAP_FIXED_NOREPLACE).</summary>
    FixedNoReplace,
}
