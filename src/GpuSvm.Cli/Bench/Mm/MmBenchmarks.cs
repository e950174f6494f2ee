namespace GpuSvm.Cli.Bench.Mm;

/// <summary>The benchmarks of <c>gpusvm bench mm</c>.</summary>
internal static class MmBenchmarks
{
    /// <summary>Where memory is mapped: at the start of a table of 512 entries.</summary>
    public const ulong Base = 0x10_0000_0000;

    /// <summary>Each benchmark, to be made when its turn comes.</summary>
    public static IReadOnlyList<Func<Benchmark>> All { get; } =
    [
        () => new IntervalLookupBenchmark(),
        () => new NotifierLookupBenchmark(),
        () => new ReadBeginBenchmark(),
        () => new HmmRangeBenchmark(HmmRangeBenchmark.PageSize.Small),
        () => new HmmRangeBenchmark(HmmRangeBenchmark.PageSize.Huge),
        MigrationBenchmark.Small,
        MigrationBenchmark.Huge,
    ];
}
