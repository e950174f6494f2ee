namespace GpuSvm.Mmu;

/// <summary>What an entry says about a page or table beside its place and its rights.</summary>
[Flags]
public enum PageAttributes : byte
{
    /// <summary>Cached, plain, for everyone.</summary>
    None = 0,

    /// <summary>Not kept in the GPU's caches.</summary>
    Volatile = 1,

    /// <summary>Only for privileged engines: a kernel of a user faults.</summary>
    Privileged = 2,

    /// <summary>The memory is encrypted.</summary>
    Encrypted = 4,

    /// <summary>Only in a request: the GPU may not store. What an entry allows stands in its rights.</summary>
    ReadOnly = 8,
}
