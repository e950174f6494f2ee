namespace GpuSvm;

/// <summary>What a program says of its memory. Source: Linux include/uapi/asm-generic/mman-common.h; the numbers are its own.</summary>
/// <remarks>
/// Linux knows more, for what there is none of here: swap, files that are read ahead, equal pages that are merged, guards. That is unknown.
/// </remarks>
public enum Advice
{
    /// <summary>The bytes are given up at once (MADV_DONTNEED).</summary>
    DontNeed = 4,

    /// <summary>The bytes may be given up (MADV_FREE); they are, at once.</summary>
    Free = 8,

    /// <summary>A forked child does not get the mapping (MADV_DONTFORK).</summary>
    DontFork = 10,

    /// <summary>A forked child gets the mapping (MADV_DOFORK).</summary>
    DoFork = 11,

    /// <summary>Huge pages are wanted (MADV_HUGEPAGE).</summary>
    HugePage = 14,

    /// <summary>Huge pages are not wanted (MADV_NOHUGEPAGE).</summary>
    NoHugePage = 15,

    /// <summary>Every page is made readable (MADV_POPULATE_READ).</summary>
    PopulateRead = 22,

    /// <summary>Every page is made writable, as if it had been written (MADV_POPULATE_WRITE).</summary>
    PopulateWrite = 23,

    /// <summary>Pages become huge ones now, and only in whole blocks (MADV_COLLAPSE).</summary>
    Collapse = 25,

    /// <summary>The bytes are lost, as if the memory had failed: every touch fails from now on (MADV_HWPOISON).</summary>
    Poison = 100,
}
