using GpuSvm.Telemetry;

namespace GpuSvm.Cli.Bench;

/// <summary>Faults of pages that the CPU has touched, reported and served so many at a time: time of one fault, from load to load.</summary>
/// <param name="batch">Number of GPU threads, each with one fault in a batch: 1 to 256.</param>
/// <param name="events">Where the machine tells what happens; null for nowhere. Drained between the runs: what is measured is writing.</param>
internal sealed class FaultBatchBenchmark(int batch, EventStream? events = null) : PagesBenchmark(pages: 16 * 1024, events)
{
    private readonly SvmEvent[] _drained = new SvmEvent[1 << 10];

    /// <inheritdoc/>
    public override string Name => Events is null ? $"gpu.fault_batch_{batch}" : $"gpu.fault_batch_{batch}_events";

    /// <inheritdoc/>
    public override double RunOnce()
    {
        TakePagesFromGpu();
        double figure = NanosecondsOf(batch, rounds: 1) / Pages;
        while (Events?.Drain(_drained) > 0)
        {
        }

        Checks.That(Events is not { Dropped: > 0 }, "The stream has room for the events of a run.");
        return figure;
    }
}
