namespace GpuSvm.Cli.Bench.Svm;

/// <summary>The benchmarks of <c>gpusvm bench svm</c>.</summary>
internal static class SvmBenchmarks
{
    /// <summary>Each benchmark, to be made when its turn comes.</summary>
    public static IReadOnlyList<Func<Benchmark>> All { get; } =
    [
        () => new FindRangeBenchmark(FindRangeBenchmark.Chunk.Large),
        () => new FindRangeBenchmark(FindRangeBenchmark.Chunk.Page),
        () => new GetPagesBenchmark(GetPagesBenchmark.PageSize.Small),
        () => new GetPagesBenchmark(GetPagesBenchmark.PageSize.Huge),
        RangeFaultBenchmark.Small,
        RangeFaultBenchmark.Huge,
        () => new EvictionBenchmark(EvictionBenchmark.Step.Choice),
        () => new EvictionBenchmark(EvictionBenchmark.Step.Use),
        .. MigrateBenchmark.All,
    ];
}
