namespace GpuSvm.Cli.Bench;

/// <summary>Loads that find their translation in the TLB, one GPU thread on one worker: loads a second.</summary>
internal sealed class LoadTlbHitBenchmark : Benchmark
{
    private const long Loads = 20_000_000;
    private const ulong Words = 512;

    private readonly Machine _machine = new(new MachineOptions { Sms = 1, WarpsPerSm = 1 });
    private readonly SimulatedProcess _process;
    private readonly ulong _page;

    /// <summary>Builds a machine whose program touches one page.</summary>
    public LoadTlbHitBenchmark()
    {
        _process = _machine.StartProcess();
        _page = _process.Map(Page.Size, Protection.ReadWrite);
        _process.Cpu(0).Store(_page, 1UL);
    }

    /// <inheritdoc/>
    public override string Name => "gpu.load_tlb_hit";

    /// <inheritdoc/>
    public override string Unit => "1/s";

    /// <inheritdoc/>
    public override double RunOnce()
    {
        LaunchResult result = _machine.Gpu.LaunchAsync(_process, SumPage, grid: 1, block: 1, _page).GetAwaiter().GetResult();
        result.ThrowIfFailed();
        return Loads / result.Elapsed.TotalSeconds;
    }

    /// <inheritdoc/>
    public override void Dispose() => _machine.Dispose();

    private static async GpuTask SumPage(GpuThread t, ulong page)
    {
        ulong sum = 0;
        for (long i = 0; i < Loads; i++)
        {
            sum = unchecked(sum + await t.Load<ulong>(page + (8 * ((ulong)i % Words))));
        }

        await t.Store(page + 8, sum);
    }
}
