namespace GpuSvm.Mm;

/// <summary>Why the CPU's view of a range is about to change.</summary>
/// <remarks>Source: Linux enum mmu_notifier_event; the numbers are its own.</remarks>
public enum InvalidationCause : byte
{
    /// <summary>The range is unmapped.</summary>
    Unmap = 0,

    /// <summary>Entries are cleared or replaced: discard, copy on write, restore.</summary>
    Clear = 1,

    /// <summary>The protection of a mapping changes.</summary>
    ProtectionVma = 2,

    /// <summary>The protection of single pages changes.</summary>
    ProtectionPage = 3,

    /// <summary>Writes are tracked from now on.</summary>
    SoftDirty = 4,

    /// <summary>The address space ends.</summary>
    Release = 5,

    /// <summary>Pages move; the owner is who moves them.</summary>
    Migrate = 6,

    /// <summary>A device gets pages for itself; the owner is that device.</summary>
    Exclusive = 7,
}
