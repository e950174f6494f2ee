namespace GpuSvm.Svm;

/// <summary>The policies of eviction that GpuSvm comes with, as <see cref="DeviceMemoryOptions.Eviction"/> takes them.</summary>
/// <remarks>docs/eviction.md compares them.</remarks>
public static class EvictionPolicies
{
    /// <summary>Least recent use, which holds against scans of more than fits: see <see cref="ScanResistantPolicy"/>.</summary>
    public static IEvictionPolicy ScanResistant() => new ScanResistantPolicy();

    /// <summary>What was used least recently leaves.</summary>
    public static IEvictionPolicy LeastRecentlyUsed() => new LeastRecentlyUsedPolicy();

    /// <summary>What came first leaves, as in NVIDIA's UVM driver.</summary>
    public static IEvictionPolicy OldestAllocation() => new OldestAllocationPolicy();
}
