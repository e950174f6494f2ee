namespace GpuSvm.Driver;

/// <summary>When the accesses that wait are told to try again.</summary>
/// <remarks>
/// An early replay lets threads go on early; but every access that still waits walks and reports once more, so the ring fills with
/// entries that say what others have said. No policy replays where nothing was served. Source: NVIDIA UVM, uvm_perf_fault_replay_policy.
/// </remarks>
public enum ReplayPolicy : byte
{
    /// <summary>After the faults of each 2 MiB block of addresses: most replays, and most duplicates.</summary>
    Block,

    /// <summary>After each batch.</summary>
    Batch,

    /// <summary>After each batch, once the ring has been emptied: what stood there is reported anew by those who still wait.</summary>
    BatchFlush,

    /// <summary>Once, when the ring is empty or the bound on batches is reached: fewest replays, longest waits.</summary>
    Once,
}
