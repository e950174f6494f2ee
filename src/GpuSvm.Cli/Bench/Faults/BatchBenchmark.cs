namespace GpuSvm.Cli.Bench.Faults;

/// <summary>A batch of 256 loads of pages that the CPU has, and the GPU has not: from a full ring to the replay.</summary>
/// <remarks>
/// One worker. The figure is the median of 64 batches, so that it is not that of the moments in which the thread was not running. It is
/// warm after so many batches, not after so much time: on a busy machine the runtime gets to its optimised code late.
/// </remarks>
internal sealed class BatchBenchmark : Benchmark
{
    private const int Rounds = 64;
    private const int WarmRuns = 60;
    private readonly FaultLayout _layout;
    private readonly FaultBench _bench;
    private readonly SeededRandom _random = new(7);
    private readonly int[] _pages = new int[FaultBench.BatchSize];
    private readonly double[] _times = new double[Rounds];
    private long _expected;

    /// <summary>Builds a driver, and serves batches until it is warm.</summary>
    /// <param name="layout">Where the faults lie.</param>
    public BatchBenchmark(FaultLayout layout)
    {
        _layout = layout;
        _bench = Make(layout);
        for (int i = 0; i < WarmRuns; i++)
        {
            RunOnce();
        }
    }

    /// <inheritdoc/>
    public override string Name => _layout switch
    {
        FaultLayout.Dense => "faults.batch_256_dense",
        FaultLayout.Spread => "faults.batch_256_spread",
        FaultLayout.Apart => "faults.batch_256_apart",
        _ => "faults.batch_256_one_page",
    };

    /// <inheritdoc/>
    public override string Unit => _layout == FaultLayout.OnePage ? "us" : "ns";

    private int PagesOfBatch => _layout == FaultLayout.OnePage ? 1 : FaultBench.BatchSize;

    /// <inheritdoc/>
    public override double RunOnce()
    {
        foreach (ref double time in _times.AsSpan())
        {
            Fill();
            time = _bench.Serve();
            _expected += PagesOfBatch;
            _bench.TakeFromGpu();
        }

        _bench.DemandMapped(_expected);
        _times.AsSpan().Sort();
        return _layout == FaultLayout.OnePage ? _times[Rounds / 2] / 1000 : _times[Rounds / 2] / PagesOfBatch;
    }

    /// <inheritdoc/>
    public override long? CountAllocatedBytes()
    {
        Fill();
        long before = GC.GetAllocatedBytesForCurrentThread();
        _bench.Serve();
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        _expected += PagesOfBatch;
        _bench.TakeFromGpu();
        return allocated;
    }

    /// <inheritdoc/>
    public override void Dispose() => _bench.Dispose();

    private static FaultBench Make(FaultLayout layout)
    {
        var bench = new FaultBench(layout == FaultLayout.Apart ? FaultBench.BatchSize * 512 : 16 * 1024, workers: 1);
        bench.Touch();
        return bench;
    }

    private void Fill()
    {
        for (int i = 0; i < _pages.Length; i++)
        {
            _pages[i] = _layout switch
            {
                FaultLayout.Dense => 512 + i,
                FaultLayout.Spread => (i * 64) + _random.Next(64),
                FaultLayout.Apart => (i * 512) + _random.Next(512),
                _ => 0,
            };
        }

        _random.Shuffle(_pages.AsSpan());
        foreach (int page in _pages)
        {
            _bench.Fault(page, FaultAccess.Read);
        }
    }
}
