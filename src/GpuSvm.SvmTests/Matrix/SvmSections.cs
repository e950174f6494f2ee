using static GpuSvm.SvmTests.SectionFlags;

namespace GpuSvm.SvmTests;

/// <summary>The sections that there are.</summary>
internal static class SvmSections
{
    private const string WithoutFill = "-nomemset";

    /// <summary>All of them: those that fill their memory first, then those of them that are also run without.</summary>
    public static IReadOnlyList<SvmSection> All { get; } =
    [
        .. Filled,
        .. Filled.Where(section => section.Name is
            "malloc" or "malloc-mlock" or "malloc-race" or "malloc-busy" or
            "mmap" or "mmap-huge" or "mmap-shared" or "mmap-mlock" or "mmap-file" or "mmap-file-mlock" or "mmap-race" or
            "free" or "free-race" or "new" or "new-race" or "new-busy" or
            "mmap-free" or "mmap-free-huge" or "mmap-free-race" or "mmap-new" or "mmap-new-huge" or "mmap-new-race")
            .Select(section => new SvmSection(section.Name + WithoutFill, section.Flags | SkipFill)),
    ];

    private static SvmSection[] Filled =>
    [
        new("malloc", None),
        new("malloc-madvise", Swizzle),
        new("malloc-prefetch", Prefetch),
        new("malloc-prefetch-madvise", Prefetch | Swizzle),
        new("malloc-multi-fault", MultiFault),
        new("malloc-fork-read", ForkRead),
        new("malloc-fork-read-after", ForkRead | ForkReadAfter),
        new("malloc-mlock", Locked),
        new("malloc-race", Race),
        new("malloc-prefetch-race", Prefetch | Race),
        new("malloc-busy", Busy),
        new("mmap", Map),
        new("mmap-prefetch", Map | Prefetch),
        new("mmap-remap", Map | Remap),
        new("mmap-remap-madvise", Map | Remap | Swizzle),
        new("mmap-remap-dontunmap", Map | Remap | DontUnmap),
        new("mmap-remap-ro", Map | Remap | ReadOnlyRemap),
        new("mmap-remap-ro-dontunmap", Map | Remap | ReadOnlyRemap | DontUnmap),
        new("mmap-remap-eocheck", Map | Remap | EveryOtherCheck),
        new("mmap-remap-dontunmap-eocheck", Map | Remap | DontUnmap | EveryOtherCheck),
        new("mmap-remap-ro-eocheck", Map | Remap | ReadOnlyRemap | EveryOtherCheck),
        new("mmap-remap-ro-dontunmap-eocheck", Map | Remap | ReadOnlyRemap | DontUnmap | EveryOtherCheck),
        new("mmap-huge", Map | HugePages),
        new("mmap-shared", Map | Shared),
        new("mmap-prefetch-shared", Map | Shared | Prefetch),
        new("mmap-shared-remap", Map | Shared | Remap),
        new("mmap-shared-remap-dontunmap", Map | Shared | Remap | DontUnmap),
        new("mmap-shared-remap-eocheck", Map | Shared | Remap | EveryOtherCheck),
        new("mmap-shared-remap-dontunmap-eocheck", Map | Shared | Remap | DontUnmap | EveryOtherCheck),
        new("mmap-mlock", Map | Locked),
        new("mmap-file", Map | FileBacked),
        new("mmap-file-mlock", Map | FileBacked | Locked),
        new("mmap-race", Map | Race),
        new("free", New | Free),
        new("free-madvise", New | Free | Swizzle),
        new("free-race", New | Free | Race),
        new("new", New),
        new("new-madvise", New | Swizzle),
        new("new-prefetch", New | Prefetch),
        new("new-race", New | Race),
        new("new-busy", New | Busy),
        new("mmap-free", Map | New | Free),
        new("mmap-free-madvise", Map | New | Free | Swizzle),
        new("mmap-free-huge", Map | New | Free | HugePages),
        new("mmap-free-race", Map | New | Free | Race),
        new("mmap-new", Map | New),
        new("mmap-new-madvise", Map | New | Swizzle),
        new("mmap-new-huge", Map | New | HugePages),
        new("mmap-new-race", Map | New | Race),
    ];
}
