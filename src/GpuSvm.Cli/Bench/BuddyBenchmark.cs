using GpuSvm.Core;

namespace GpuSvm.Cli.Bench;

/// <summary>Blocks of one size are given back and taken again in random order, with half of 1 GiB in use: nanoseconds for each of both.</summary>
internal sealed class BuddyBenchmark : Benchmark
{
    private const ulong PageCount = 1UL << 18;
    private const int Operations = 1_000_000;
    private readonly BuddyAllocator _buddies = new(PageCount);
    private readonly SeededRandom _random = new(1);
    private readonly ulong[] _blocks;
    private readonly int _order;

    /// <summary>Fills the memory, and gives half of it back in random order.</summary>
    /// <param name="name">Size of the blocks, as it is shown.</param>
    /// <param name="order">Their order.</param>
    public BuddyBenchmark(string name, int order)
    {
        Name = $"core.buddy_{name}";
        _order = order;
        var blocks = new List<ulong>();
        while (_buddies.TryAllocate(order, out ulong first))
        {
            blocks.Add(first);
        }

        ulong[] all = [.. blocks];
        _random.Shuffle(all.AsSpan());
        _blocks = all[..(all.Length / 2)];
        foreach (ulong first in all.AsSpan(_blocks.Length))
        {
            _buddies.Free(first, order);
        }
    }

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    public override string Unit => "ns";

    /// <inheritdoc/>
    public override double RunOnce()
    {
        long start = Clock.Monotonic.NowNanoseconds;
        for (int i = 0; i < Operations / 2; i++)
        {
            ref ulong block = ref _blocks[_random.Next(_blocks.Length)];
            _buddies.Free(block, _order);
            _ = _buddies.TryAllocate(_order, out block);
        }

        return (double)(Clock.Monotonic.NowNanoseconds - start) / Operations;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
    }
}
