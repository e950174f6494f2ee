namespace GpuSvm.Live;

/// <summary>What a kernel's userfaultfd can do.</summary>
/// <remarks>Source: Linux include/uapi/linux/userfaultfd.h, UFFD_FEATURE_*.</remarks>
[Flags]
internal enum UffdFeatures : ulong
{
    /// <summary>Nothing but missing private pages.</summary>
    None = 0,

    /// <summary>Write-protection faults.</summary>
    PagefaultFlagWp = 1UL << 0,

    /// <summary>A message and a descriptor for each fork.</summary>
    EventFork = 1UL << 1,

    /// <summary>A message for each moved mapping.</summary>
    EventRemap = 1UL << 2,

    /// <summary>A message for each discard.</summary>
    EventRemove = 1UL << 3,

    /// <summary>Missing pages of huge page files.</summary>
    MissingHugetlbfs = 1UL << 4,

    /// <summary>Missing pages of shared memory.</summary>
    MissingShmem = 1UL << 5,

    /// <summary>A message for each unmapping.</summary>
    EventUnmap = 1UL << 6,

    /// <summary>SIGBUS in place of messages.</summary>
    Sigbus = 1UL << 7,

    /// <summary>Page faults name their thread.</summary>
    ThreadId = 1UL << 8,

    /// <summary>Faults of pages that a huge page file has already.</summary>
    MinorHugetlbfs = 1UL << 9,

    /// <summary>Faults of pages that shared memory has already.</summary>
    MinorShmem = 1UL << 10,

    /// <summary>Page faults name the byte, not the page.</summary>
    ExactAddress = 1UL << 11,

    /// <summary>Write protection of shared memory.</summary>
    WpHugetlbfsShmem = 1UL << 12,

    /// <summary>Write protection of pages that are not there yet.</summary>
    WpUnpopulated = 1UL << 13,

    /// <summary>Pages that answer an access with SIGBUS.</summary>
    Poison = 1UL << 14,

    /// <summary>Write protection that the kernel itself lifts.</summary>
    WpAsync = 1UL << 15,

    /// <summary>Moving of pages.</summary>
    Move = 1UL << 16,
}
