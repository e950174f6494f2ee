namespace GpuSvm.Cli.Bench;

/// <summary>Runs benchmarks: some times to warm up, then a few that count.</summary>
internal static class BenchHarness
{
    /// <summary>Number of repetitions that count.</summary>
    public const int Repetitions = 5;

    // The runtime replaces its first, unoptimised code in the background, some time after it was called often.
    private const int WarmUps = 3;
    private static readonly TimeSpan WarmUpTime = TimeSpan.FromSeconds(1.5);

    /// <summary>Measures one benchmark.</summary>
    public static Measurement Measure(Benchmark benchmark)
    {
        Deadline warm = Clock.Monotonic.After(WarmUpTime);
        for (int i = 0; i < WarmUps || !warm.HasPassed; i++)
        {
            benchmark.RunOnce();
        }

        double[] figures = new double[Repetitions];
        long allocated = long.MaxValue;
        for (int i = 0; i < figures.Length; i++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            figures[i] = benchmark.RunOnce();
            allocated = Math.Min(allocated, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        return Measurement.Of(benchmark.Name, benchmark.Unit, figures, benchmark.CountAllocatedBytes() ?? allocated) with { Digest = benchmark.Digest };
    }

    /// <summary>Measures benchmarks one after the other; each exists only while it is measured.</summary>
    public static IReadOnlyList<Measurement> MeasureAll(IEnumerable<Func<Benchmark>> benchmarks)
    {
        List<Measurement> measurements = [];
        foreach (Func<Benchmark> create in benchmarks)
        {
            using Benchmark benchmark = create();
            measurements.Add(Measure(benchmark));
        }

        return measurements;
    }
}
