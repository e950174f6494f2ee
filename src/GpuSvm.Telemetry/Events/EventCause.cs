namespace GpuSvm.Telemetry;

/// <summary>Why something happens, or how it ends: one word, whose meaning hangs on the kind of event.</summary>
/// <remarks>
/// The accesses stand in the order of <c>FaultAccess</c> and the changes in that of <c>InvalidationCause</c>, so that a writer adds its
/// own number to the first of them.
/// </remarks>
public enum EventCause : byte
{
    /// <summary>Nothing to tell.</summary>
    None,

    /// <summary>A fault: the access is a load.</summary>
    Read,

    /// <summary>A fault: the access is a store.</summary>
    Write,

    /// <summary>A fault: the access is an atomic operation.</summary>
    Atomic,

    /// <summary>A fault: the access is a prefetch.</summary>
    Prefetch,

    /// <summary>A change of the address space: a range is unmapped.</summary>
    Unmap,

    /// <summary>A change of the address space: entries are cleared or replaced.</summary>
    Clear,

    /// <summary>A change of the address space: the protection of a mapping.</summary>
    ProtectionVma,

    /// <summary>A change of the address space: the protection of single pages.</summary>
    ProtectionPage,

    /// <summary>A change of the address space: writes are tracked from now on.</summary>
    SoftDirty,

    /// <summary>A change of the address space: its end.</summary>
    Release,

    /// <summary>A change of the address space: pages move.</summary>
    Migrate,

    /// <summary>A change of the address space: a device gets pages for itself.</summary>
    Exclusive,

    /// <summary>The end of a fault: the access has completed after a replay.</summary>
    Completed,

    /// <summary>The end of a fault: the access has tried again and faults once more, which is another fault.</summary>
    FaultedAgain,

    /// <summary>The end of a fault: the launch was stopped.</summary>
    Stopped,

    /// <summary>A migration: the program asked for it.</summary>
    Requested,

    /// <summary>A migration: the GPU faulted on the pages.</summary>
    GpuFault,

    /// <summary>A migration: a CPU faulted on the pages.</summary>
    CpuFault,

    /// <summary>A migration: the device's memory is short, or ends.</summary>
    Eviction,
}
