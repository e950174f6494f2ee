namespace GpuSvm.Telemetry;

/// <summary>What an event tells of.</summary>
public enum EventKind : byte
{
    /// <summary>An access of a GPU thread that waits for its fault to be served; an instant for a prefetch, which waits for nothing.</summary>
    Fault,

    /// <summary>Faults that were fetched together, from the fetch to the replay.</summary>
    Batch,

    /// <summary>The faults of one client in one 2 MiB block, served by one worker.</summary>
    Service,

    /// <summary>Pages that move to other memory.</summary>
    Migration,

    /// <summary>Bytes that the copy engine copies or clears.</summary>
    Copy,

    /// <summary>Entries of a GPU page table that are dropped because the CPU's side changes.</summary>
    Invalidation,

    /// <summary>The signal on which accesses that wait try again.</summary>
    Replay,

    /// <summary>A fault that cannot be served.</summary>
    Cancel,

    /// <summary>Entries that are thrown out of the fault buffer before a replay.</summary>
    Flush,
}
