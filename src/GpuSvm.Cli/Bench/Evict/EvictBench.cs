using GpuSvm.Svm;
using GpuSvm.Workloads;

namespace GpuSvm.Cli.Bench.Evict;

/// <summary>Gives each policy of eviction the same workloads, and counts: nothing here is a time.</summary>
/// <param name="fits">Blocks that fit.</param>
/// <param name="passes">How often each workload goes through its data, at least twice.</param>
internal sealed class EvictBench(int fits, int passes)
{
    /// <summary>Blocks that fit unless told.</summary>
    public const int UsualBlocks = 256;

    /// <summary>Passes unless told.</summary>
    public const int UsualPasses = 5;

    private const ulong Seed = 1;
    private static readonly int[] Percents = [110, 125, 150, 400];
    private static readonly string[] Workloads = ["triad", "spmv", "hashjoin"];

    private static readonly (string Name, Func<IEvictionPolicy> Make)[] Policies =
    [
        ("scan-resistant", EvictionPolicies.ScanResistant),
        ("least recent use", EvictionPolicies.LeastRecentlyUsed),
        ("allocation age", EvictionPolicies.OldestAllocation),
    ];

    /// <summary>Counts all.</summary>
    public EvictDocument Count() =>
        new([.. Workloads.SelectMany(workload => Percents.SelectMany(percent => Rows(workload, percent)))]);

    private IEnumerable<EvictRow> Rows(string workload, int percent)
    {
        int blocks = fits * percent / 100;
        int[] trace = TraceOf(workload, blocks, passes);
        EvictRow optimum = Row(workload, percent, "optimum", () => new FarthestUsePolicy([.. trace.Select(BenchMemory.AddressOf)]));
        return
        [
            .. Policies.Select(policy => Row(workload, percent, policy.Name, policy.Make) is var row && optimum.Evictions > 0
                ? row with { OfOptimum = row.Evictions / (double)optimum.Evictions }
                : row),
            optimum,
        ];
    }

    private EvictRow Row(string workload, int percent, string policy, Func<IEvictionPolicy> make)
    {
        int blocks = fits * percent / 100;
        int[] trace = TraceOf(workload, blocks, passes);
        int pass = trace.Length / passes;
        using var memory = new BenchMemory(fits, blocks, make);
        long faults = 0;
        long before = 0;
        for (int i = 0; i < trace.Length; i++)
        {
            before = i == trace.Length - pass ? memory.Memory.Counters.Evictions : before;
            faults += memory.Use(trace[i]) ? 1 : 0;
        }

        long evictions = memory.Memory.Counters.Evictions;
        int excess = trace.Distinct().Count() - fits;
        double? perPass = workload == "triad" ? (evictions - before) / (double)excess : null;
        return new EvictRow(workload, percent, policy, trace.Length, faults, evictions, perPass, null);
    }

    private static int[] TraceOf(string workload, int blocks, int passes) => workload switch
    {
        "triad" => AccessTraces.Triad(blocks, passes),
        "spmv" => AccessTraces.SparseProduct(blocks, passes, Seed),
        _ => AccessTraces.HashJoin(blocks, passes, Seed),
    };
}
