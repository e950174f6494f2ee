namespace GpuSvm.Cli.Bench.Faults;

/// <summary>The same faults with one worker and with two, by turns: how many times as fast the two are.</summary>
/// <remarks>
/// The fault buffer is full before, and no SM runs: eight batches, each of all pages of 16 blocks of 2 MiB, or of every other, in random
/// order. A single batch of 256 is over before the system has woken a thread, which also costs who wakes it a tenth of a millisecond; of
/// eight large ones that is a small part. The figure is that of the fastest turns of both: on a machine whose cores are taken by others
/// two threads seldom run at the same time for all of a turn.
/// </remarks>
internal sealed class WorkersBenchmark : Benchmark
{
    private const int Blocks = 16;
    private const int PagesPerBlock = 512;
    private const int Batches = 8;
    private const int WarmRuns = 30;
    private readonly WorkersLoad _load;
    private readonly int _rounds;
    private readonly int _faults;
    private readonly int[] _pages;
    private readonly FaultBench[] _benches;

    /// <summary>Builds a driver with one worker and one with two, and serves batches until they are warm.</summary>
    /// <param name="load">What each fault asks for.</param>
    public WorkersBenchmark(WorkersLoad load)
    {
        _load = load;

        // A turn that clears pages or splits pieces takes several times as long.
        _rounds = load == WorkersLoad.InPlace ? 48 : 12;
        int step = load == WorkersLoad.EveryOther ? 2 : 1;
        _faults = Blocks * PagesPerBlock / step;
        _pages = PagesOf(step);
        _benches = [Make(1), Make(2)];
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
        for (int round = 0; round < _rounds; round++)
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

    private FaultBench Make(int workers)
    {
        var bench = new FaultBench(Batches * Blocks * PagesPerBlock, workers, _faults, Batches);
        if (_load != WorkersLoad.FirstTouch)
        {
            bench.Touch();
        }

        return bench;
    }

    private double Run(FaultBench bench)
    {
        Fill(bench);
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

    private int[] PagesOf(int step)
    {
        int[] pages = [.. Enumerable.Range(0, Batches * _faults).Select(i => i * step)];
        var random = new SeededRandom(7);
        for (int batch = 0; batch < Batches; batch++)
        {
            random.Shuffle(pages.AsSpan(batch * _faults, _faults));
        }

        return pages;
    }
}
