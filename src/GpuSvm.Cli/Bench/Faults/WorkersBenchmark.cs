namespace GpuSvm.Cli.Bench.Faults;

/// <summary>The same batches with one worker and with two, by turns: how many times as fast the two are.</summary>
/// <param name="isFirstTouch">Whether the pages are new to the CPU, too: then each takes a frame, which is cleared.</param>
/// <remarks>
/// 4,096 faults in 16 blocks: a batch of 256 is over before the system has woken a thread on a busy machine. The figure is that of the
/// fastest batches of both: on a machine whose cores are taken by others two
/// threads seldom run at the same time for all of a batch.
/// </remarks>
internal sealed class WorkersBenchmark(bool isFirstTouch) : Benchmark
{
    private const int Blocks = 16;
    private const int Faults = 4096;
    private const int Rounds = 24;
    private readonly FaultBench[] _benches = [Make(isFirstTouch, 1), Make(isFirstTouch, 2)];

    /// <inheritdoc/>
    public override string Name => isFirstTouch ? "faults.two_workers_first_touch" : "faults.two_workers_in_place";

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

    private static FaultBench Make(bool isFirstTouch, int workers)
    {
        var bench = new FaultBench(Blocks * 512, workers, Faults);
        if (!isFirstTouch)
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
        if (isFirstTouch)
        {
            bench.GiveUp();
        }
        else
        {
            bench.TakeFromGpu();
        }
    }

    private static void Fill(FaultBench bench)
    {
        for (int i = 0; i < Faults; i++)
        {
            bench.Fault((i % Blocks * 512) + (i / Blocks * 2), FaultAccess.Write);
        }
    }
}
