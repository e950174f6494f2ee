namespace GpuSvm.Cli.Bench.Vmm;

/// <summary>The benchmarks of <c>gpusvm bench vmm</c>.</summary>
internal static class VmmBenchmarks
{
    /// <summary>The loops, in the order of the table.</summary>
    public static IReadOnlyList<Func<VmmLoop>> Loops { get; } =
    [
        () => new PfnPairLoop("pfn4k_pair_empty", mapped: 0),
        () => new PfnPairLoop("pfn4k_pair_65k", mapped: 65_536),
        () => new PfnRunLoop(PfnRunLoop.Half.Map),
        () => new PfnRunLoop(PfnRunLoop.Half.Unmap),
        () => new AreaLoop(),
        () => new ChurnLoop(),
        () => new SparseLoop(SparseLoop.Placement.Aligned),
        () => new SparseLoop(SparseLoop.Placement.Unaligned),
    ];

    /// <summary>Each benchmark, to be made when its turn comes.</summary>
    public static IReadOnlyList<Func<Benchmark>> All { get; } = [.. Loops.Select(loop => (Func<Benchmark>)(() => new VmmBenchmark(loop())))];
}
