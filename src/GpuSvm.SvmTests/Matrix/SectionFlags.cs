namespace GpuSvm.SvmTests;

/// <summary>What is special about the memory of a section, and about what is done with it.</summary>
/// <remarks>Source: IGT, tests/intel/xe_exec_system_allocator.c, whose names are in brackets where they differ.</remarks>
[Flags]
internal enum SectionFlags
{
    /// <summary>One buffer of the heap, filled by the CPU, for all execs.</summary>
    None = 0,

    /// <summary>The buffer is a mapping of its own (MMAP).</summary>
    Map = 1 << 0,

    /// <summary>Every exec has a new buffer (NEW).</summary>
    New = 1 << 1,

    /// <summary>The old buffer is freed before there is a new one (FREE); without it all are freed in the end.</summary>
    Free = 1 << 2,

    /// <summary>Somebody asks for the addresses of the buffer while they are mirrored (BUSY).</summary>
    Busy = 1 << 3,

    /// <summary>The CPU uses the pages that the GPU uses, and changes the mapping beside them (RACE).</summary>
    Race = 1 << 4,

    /// <summary>The CPU does not fill the buffer first (SKIP_MEMSET).</summary>
    SkipFill = 1 << 5,

    /// <summary>The buffer is a private mapping of a file (FILE_BACKED).</summary>
    FileBacked = 1 << 6,

    /// <summary>All pages are brought in at once (LOCK).</summary>
    Locked = 1 << 7,

    /// <summary>The buffer is shared memory (MMAP_SHARED).</summary>
    Shared = 1 << 8,

    /// <summary>The buffer is made of huge pages (HUGE_PAGE).</summary>
    HugePages = 1 << 9,

    /// <summary>A forked child reads what the GPU has written (FORK_READ).</summary>
    ForkRead = 1 << 10,

    /// <summary>The parent reads after the child has ended, not before (FORK_READ_AFTER).</summary>
    ForkReadAfter = 1 << 11,

    /// <summary>The buffer moves to another address after every exec (MREMAP).</summary>
    Remap = 1 << 12,

    /// <summary>It moves, and its old mapping stays, empty (DONTUNMAP).</summary>
    DontUnmap = 1 << 13,

    /// <summary>It is read-only while it moves (READ_ONLY_REMAP).</summary>
    ReadOnlyRemap = 1 << 14,

    /// <summary>The CPU does not touch it between the two execs of a pair (EVERY_OTHER_CHECK).</summary>
    EveryOtherCheck = 1 << 15,

    /// <summary>An exec stores to four places that are far from each other (MULTI_FAULT).</summary>
    MultiFault = 1 << 16,

    /// <summary>The buffer is moved to the GPU's memory before every exec (PREFETCH).</summary>
    Prefetch = 1 << 17,

    /// <summary>Where the buffer is to live is said anew before every exec: at home, in the GPU's memory, and so on (MADVISE_SWIZZLE).</summary>
    Swizzle = 1 << 18,
}
