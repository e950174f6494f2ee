using GpuSvm.Core;

namespace GpuSvm.Cli.Bench.Mm;

/// <summary>The interval at a random byte, among 100,000 that were inserted in random order.</summary>
internal sealed class IntervalLookupBenchmark : Benchmark
{
    private const int Count = 100_000;
    private const int Lookups = 1_000_000;
    private readonly IntervalTree<object> _tree = new();
    private readonly ulong[] _asked = new ulong[Count];

    /// <summary>Inserts the intervals: 64 KiB each, 64 KiB apart.</summary>
    public IntervalLookupBenchmark()
    {
        var random = new SeededRandom(1);
        ulong[] starts = [.. Enumerable.Range(0, Count).Select(i => (ulong)i << 17)];
        random.Shuffle(starts.AsSpan());
        foreach (ulong start in starts)
        {
            _tree.Insert(AddressRange.FromLength(start, 1UL << 16), this);
        }

        starts.CopyTo(_asked, 0);
        random.Shuffle(_asked.AsSpan());
    }

    /// <inheritdoc/>
    public override string Name => "mm.interval_lookup_100k";

    /// <inheritdoc/>
    public override string Unit => "ns";

    /// <inheritdoc/>
    public override double RunOnce()
    {
        long start = Clock.Monotonic.NowNanoseconds;
        int found = 0;
        for (int i = 0; i < Lookups; i++)
        {
            found += _tree.TryFindAt(_asked[i % Count] + 0x8000, out _) ? 1 : 0;
        }

        double elapsed = Clock.Monotonic.NowNanoseconds - start;
        return found == Lookups ? elapsed / Lookups : throw new InvalidOperationException($"{Lookups - found} intervals were not found.");
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
    }
}
