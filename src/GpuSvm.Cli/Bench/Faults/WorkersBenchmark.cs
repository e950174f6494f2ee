namespace GpuSvm.Cli.Bench.Faults;

/// <summary>The same faults with one worker and with two, by turns: how many times as fast the two are.</summary>
/// <remarks>
/// The fault buffer is full before, and no SM runs: four batches of 4,096 faults, each in 16 blocks of 2 MiB, 256 in each, in random order.
/// A single batch of 256 is over before the system has woken a thread; of four large ones that is a small part. The figure is that of the
/// fastest turns of both: on a machine whose cores are taken by others two threads seldom run at the same time for all of a turn.
/// </remarks>
internal sealed class WorkersBenchmark : Benchmark
{
    private const int Blocks = 16;
    private const int Faults = 4096;
    private const int Batches = 4;
    private const int Rounds = 48;
    private const int WarmRuns = 60;
    private readonly WorkersLoad _load;
    private readonly int[] _pages;
    private readonly FaultBench[] _benches;
    private readonly ColdCache _cache = new();

    /// <summary>Builds a driver with one worker and one with two, and serves batches until they are warm.</summary>
    /// <param name="load">What each fault asks for.</param>
    public WorkersBenchmark(WorkersLoad load)
    {
        _load = load;
        _pages = PagesOf(load);
        _benches = [Make(load, 1), Make(load, 2)];
        for (int i = 0; i < WarmRuns; i++)
        {
            Run(_benches[0]);
            Run(_benches[1]);
        }
    }

    /// <inheritdoc/>
    public override string Name => _load switch
    {
        WorkersLoad.InPlace => "faults.two_workers_in_place",
        WorkersLoad.FirstTouch => "faults.two_workers_first_touch",
        _ => "faults.two_workers_every_other",
    };

    /// <inheritdoc/>
    public override string Unit => "x";

    /// <inheritdoc/>
    public override double RunOnce()
    {
        Span<double> least = [double.MaxValue, double.MaxValue];
        for (int round = 0; round < Rounds; round++)
        {
            for (int i = 0; i < _benches.Length; i++)
            {
                least[i] = Math.Min(least[i], Run(_benches[i]));
            }
        }

        return least[0] / least[1];
    }

    /// <inheritdoc/>
    public override long? CountAllocatedBytes()
    {
        Fill(_benches[1]);
        long before = GC.GetTotalAllocatedBytes();
        _benches[1].Serve();
        long allocated = GC.GetTotalAllocatedBytes() - before;
        Clean(_benches[1]);
        return allocated;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        foreach (FaultBench bench in _benches)
        {
            bench.Dispose();
        }
    }

    private static FaultBench Make(WorkersLoad load, int workers)
    {
        var bench = new FaultBench(Batches * Blocks * 512, workers, Faults, Batches);
        if (load != WorkersLoad.FirstTouch)
        {
            bench.Touch();
        }

        return bench;
    }

    private double Run(FaultBench bench)
    {
        Fill(bench);
        _cache.Evict();
        double time = bench.Serve();
        Clean(bench);
        return time;
    }

    private void Clean(FaultBench bench)
    {
        if (_load == WorkersLoad.FirstTouch)
        {
            bench.GiveUp();
        }
        else
        {
            bench.TakeFromGpu();
        }
    }

    private void Fill(FaultBench bench)
    {
        foreach (int page in _pages)
        {
            bench.Fault(page, FaultAccess.Write);
        }
    }

    private static int[] PagesOf(WorkersLoad load)
    {
        int step = load == WorkersLoad.EveryOther ? 2 : 1;
        int[] pages = [.. Enumerable.Range(0, Batches * Faults).Select(i => (i / Faults * Blocks * 512) + (i % Blocks * 512) + (i % Faults / Blocks * step))];
        var random = new SeededRandom(7);
        for (int batch = 0; batch < Batches; batch++)
        {
            random.Shuffle(pages.AsSpan(batch * Faults, Faults));
        }

        return pages;
    }
}
