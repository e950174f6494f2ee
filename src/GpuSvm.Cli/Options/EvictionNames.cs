namespace GpuSvm.Cli.Options;

/// <summary>The words for policies of eviction.</summary>
internal static class EvictionNames
{
    /// <summary>Each word, and what it stands for.</summary>
    public static (string Word, EvictionPolicy Value)[] All =>
    [
        ("scan-resistant", EvictionPolicy.ScanResistant),
        ("least-recently-used", EvictionPolicy.LeastRecentlyUsed),
        ("oldest-allocation", EvictionPolicy.OldestAllocation),
        ("none", EvictionPolicy.None),
    ];

    /// <summary>The word for a policy.</summary>
    public static string Of(EvictionPolicy policy) => All.First(choice => choice.Value == policy).Word;
}
