namespace GpuSvm;

/// <summary>Which pages leave the GPU's memory when others need the room. By all of them those leave together that came together.</summary>
/// <remarks>docs/eviction.md compares them.</remarks>
public enum EvictionPolicy
{
    /// <summary>Those used least recently, as far as the GPU tells of uses; but a scan of more than fits does not drive out all that is there.</summary>
    ScanResistant,

    /// <summary>Those used least recently, as far as the GPU tells of uses.</summary>
    LeastRecentlyUsed,

    /// <summary>Those that came first.</summary>
    OldestAllocation,

    /// <summary>None: what finds no room stays in the system's memory.</summary>
    None,
}
