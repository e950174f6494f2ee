namespace GpuSvm.Gpu;

/// <summary>What a GPU has counted since it was made. A snapshot: exact while nothing runs.</summary>
public readonly record struct GpuCounters
{
    /// <summary>Loads, stores and atomics that kernels made.</summary>
    public long Accesses { get; init; }

    /// <summary>Accesses that the SM's own TLB translated: accesses minus misses.</summary>
    public long TlbHits => Accesses - TlbMisses;

    /// <summary>Accesses that the SM's own TLB did not translate at first; tries after a replay are not counted again.</summary>
    public long TlbMisses { get; init; }

    /// <summary>Look-ups in the shared TLB that hit, tries after a replay included.</summary>
    public long L2TlbHits { get; init; }

    /// <summary>Look-ups in the shared TLB that missed.</summary>
    public long L2TlbMisses { get; init; }

    /// <summary>Walks of page tables.</summary>
    public long Walks { get; init; }

    /// <summary>Fault entries that were written, those of prefetches included.</summary>
    public long FaultsReported { get; init; }

    /// <summary>Faults that met a full fault buffer.</summary>
    public long Overflows { get; init; }

    /// <summary>Replays.</summary>
    public long Replays { get; init; }

    /// <summary>Cancels by the driver.</summary>
    public long Cancels { get; init; }

    /// <summary>Cancels of faults whose access no longer waited: they had no effect.</summary>
    public long StaleCancels { get; init; }

    /// <summary>TLB invalidations.</summary>
    public long Invalidations { get; init; }

    /// <summary>Accesses that the IOMMU stopped.</summary>
    public long IommuFaults { get; init; }

    /// <summary>Prefetches that kernels made.</summary>
    public long Prefetches { get; init; }

    /// <summary>The same with the numbers of one port added.</summary>
    internal GpuCounters Plus(SmPort port)
    {
        PortCounters counters = port.Counters;
        return this with
        {
            Accesses = Accesses + port.Tlb.CompletedAccesses - counters.SlowPasses - counters.Prefetches,
            TlbMisses = TlbMisses + counters.Misses,
            L2TlbHits = L2TlbHits + counters.SecondLevelHits,
            L2TlbMisses = L2TlbMisses + counters.SecondLevelMisses,
            Walks = Walks + counters.Walks,
            IommuFaults = IommuFaults + counters.IommuFaults,
            Prefetches = Prefetches + counters.Prefetches,
            StaleCancels = StaleCancels + counters.StaleCancels,
        };
    }
}
