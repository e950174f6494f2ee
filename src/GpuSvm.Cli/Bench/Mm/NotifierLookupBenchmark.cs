using GpuSvm.Core;
using GpuSvm.Mm;

namespace GpuSvm.Cli.Bench.Mm;

/// <summary>A mirror's notifier at a random page, among 100,000: the lookup of a fault, with the lock of the set.</summary>
internal sealed class NotifierLookupBenchmark : MmBenchmark
{
    private const int Count = 100_000;
    private const int Lookups = 200_000;
    private readonly BenchMirror _mirror = new();
    private readonly ulong[] _asked = [.. Enumerable.Range(0, Count).Select(i => MmBenchmarks.Base + ((ulong)i << 17))];

    /// <summary>Inserts the notifiers.</summary>
    public NotifierLookupBenchmark()
        : base(frames: 16)
    {
        var random = new SeededRandom(1);
        random.Shuffle(_asked.AsSpan());
        foreach (ulong start in _asked)
        {
            Require(Space.Notifiers.Insert(new IntervalNotifier(_mirror), AddressRange.FromLength(start, 1UL << 16)));
        }

        random.Shuffle(_asked.AsSpan());
    }

    /// <inheritdoc/>
    public override string Name => "mm.notifier_lookup_100k";

    /// <inheritdoc/>
    protected override int Rounds => 5;

    /// <inheritdoc/>
    protected override int OperationsPerRound => Lookups;

    /// <inheritdoc/>
    protected override void Run()
    {
        for (int i = 0; i < Lookups; i++)
        {
            if (!Space.Notifiers.TryFind(_mirror, AddressRange.PageAt(_asked[i % Count]), out _))
            {
                Require(Errno.ENOENT);
            }
        }
    }
}
