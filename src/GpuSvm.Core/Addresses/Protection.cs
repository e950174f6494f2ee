namespace GpuSvm;

/// <summary>What a program may do with a page.</summary>
/// <remarks>Source: mmap(2), PROT_NONE, PROT_READ, PROT_WRITE. As on x86, memory that may be written may be read.</remarks>
[Flags]
public enum Protection : byte
{
    /// <summary>Nothing: every access faults.</summary>
    None = 0,

    /// <summary>Loads.</summary>
    Read = 1,

    /// <summary>Stores (and, as on x86, loads).</summary>
    Write = 2,

    /// <summary>Loads and stores.</summary>
    ReadWrite = Read | Write,
}
