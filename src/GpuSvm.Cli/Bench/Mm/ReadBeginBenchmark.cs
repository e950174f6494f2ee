using GpuSvm.Core;
using GpuSvm.Mm;

namespace GpuSvm.Cli.Bench.Mm;

/// <summary>A read under a notifier that nothing invalidates: begun, and confirmed under the mirror's lock, which is held all the time.</summary>
internal sealed class ReadBeginBenchmark : MmBenchmark
{
    private const int Reads = 100_000;
    private readonly BenchMirror _mirror = new();
    private readonly IntervalNotifier _notifier;

    /// <summary>Inserts the notifier.</summary>
    public ReadBeginBenchmark()
        : base(frames: 16)
    {
        _notifier = new IntervalNotifier(_mirror);
        Require(Space.Notifiers.Insert(_notifier, AddressRange.PageAt(MmBenchmarks.Base)));
    }

    /// <inheritdoc/>
    public override string Name => "mm.read_begin_retry";

    /// <inheritdoc/>
    protected override int Rounds => 10;

    /// <inheritdoc/>
    protected override int OperationsPerRound => Reads;

    /// <inheritdoc/>
    protected override void Run()
    {
        Deadline deadline = Space.Clock.After(Deadline.Default);
        for (int i = 0; i < Reads; i++)
        {
            if (!_notifier.TryReadBegin(deadline, out long sequence) || _notifier.CheckRetry(sequence))
            {
                Require(Errno.EBUSY);
            }
        }
    }
}
