namespace GpuSvm.Live.Programs.Infrastructure;

/// <summary>What a forked child does in one step.</summary>
internal enum ChildAction
{
    /// <summary>Loads a word, which must have a value.</summary>
    Expect,

    /// <summary>Stores a word.</summary>
    Store,

    /// <summary>Adds 1 to a word, a number of times.</summary>
    Count,

    /// <summary>Waits until a word has a value.</summary>
    Await,

    /// <summary>munmap(2).</summary>
    Unmap,

    /// <summary>madvise(2) with DONTNEED.</summary>
    Discard,

    /// <summary>mremap(2) to a place.</summary>
    Move,

    /// <summary>execv(2).</summary>
    Become,

    /// <summary>Waits until the parent has ended.</summary>
    AwaitOrphaned,

    /// <summary>Loads a word, which must have a value, again and again for a second or two.</summary>
    Watch,

    /// <summary>Writes a line to the output that it has of its parent.</summary>
    Print,
}
