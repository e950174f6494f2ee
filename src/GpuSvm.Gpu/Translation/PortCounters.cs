namespace GpuSvm.Gpu;

/// <summary>What one port counts beside the accesses: plain numbers, since only the port's own thread writes them.</summary>
internal struct PortCounters
{
    internal long Misses;
    internal long SlowPasses;
    internal long SecondLevelHits;
    internal long SecondLevelMisses;
    internal long Walks;
    internal long Prefetches;
    internal long IommuFaults;
    internal long StaleCancels;
}
