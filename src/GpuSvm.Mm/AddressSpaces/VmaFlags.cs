namespace GpuSvm.Mm;

/// <summary>What a mapping is, and what it was advised. Source: Linux include/linux/mm.h, VM_*.</summary>
[Flags]
public enum VmaFlags
{
    /// <summary>Private memory: who writes gets a page of its own.</summary>
    None = 0,

    /// <summary>What is written here others see, who map the same object (VM_SHARED).</summary>
    Shared = 1 << 0,

    /// <summary>Huge pages are wanted (VM_HUGEPAGE).</summary>
    HugePage = 1 << 1,

    /// <summary>Huge pages are not wanted (VM_NOHUGEPAGE).</summary>
    NoHugePage = 1 << 2,

    /// <summary>Frames that nobody counts, which no device may mirror and which never move (VM_PFNMAP).</summary>
    Special = 1 << 3,

    /// <summary>A forked child does not get the mapping (VM_DONTCOPY).</summary>
    DontFork = 1 << 4,
}
