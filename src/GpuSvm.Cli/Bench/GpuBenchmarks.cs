using GpuSvm.Telemetry;

namespace GpuSvm.Cli.Bench;

/// <summary>The benchmarks of <c>gpusvm bench gpu</c>.</summary>
internal static class GpuBenchmarks
{
    // The TLB of a multiprocessor holds 128 pages, the one that all share 4096.
    private const int PagesBeyondFirstTlb = 2048;
    private const int PagesBeyondBothTlbs = 16 * 1024;

    /// <summary>Each benchmark, to be made when its turn comes.</summary>
    public static IReadOnlyList<Func<Benchmark>> All { get; } =
    [
        () => new LoadTlbHitBenchmark(),
        () => new PageStrideBenchmark("gpu.load_l2_tlb_hit", PagesBeyondFirstTlb),
        () => new PageStrideBenchmark("gpu.load_walk", PagesBeyondBothTlbs),
        () => new FaultBatchBenchmark(1),
        () => new FaultBatchBenchmark(16),
        () => new FaultBatchBenchmark(256),
        () => new FaultBatchBenchmark(256, new EventStream(1 << 17)),
        () => new BuddyBenchmark("4K", order: 0),
        () => new BuddyBenchmark("64K", order: 4),
        () => new BuddyBenchmark("2M", order: 9),
    ];
}
