namespace GpuSvm.Cli.Bench.Faults;

/// <summary>The benchmarks of <c>gpusvm bench faults</c>.</summary>
internal static class FaultBenchmarks
{
    /// <summary>Each benchmark, to be made when its turn comes.</summary>
    public static IReadOnlyList<Func<Benchmark>> All { get; } =
    [
        () => new BatchBenchmark(FaultLayout.Dense),
        () => new BatchBenchmark(FaultLayout.Spread),
        () => new BatchBenchmark(FaultLayout.Apart),
        () => new BatchBenchmark(FaultLayout.OnePage),
        () => new WorkersBenchmark(WorkersLoad.InPlace),
        () => new WorkersBenchmark(WorkersLoad.FirstTouch),
        () => new WorkersBenchmark(WorkersLoad.EveryOther),
    ];
}
