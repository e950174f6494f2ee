namespace GpuSvm.Cli.Bench;

/// <summary>Faults of pages that the CPU has touched, reported and served so many at a time: time of one fault, from load to load.</summary>
/// <param name="batch">Number of GPU threads, each with one fault in a batch: 1 to 256.</param>
internal sealed class FaultBatchBenchmark(int batch) : PagesBenchmark(pages: 16 * 1024)
{
    /// <inheritdoc/>
    public override string Name => $"gpu.fault_batch_{batch}";

    /// <inheritdoc/>
    public override double RunOnce()
    {
        TakePagesFromGpu();
        return NanosecondsOf(batch, rounds: 1) / Pages;
    }
}
