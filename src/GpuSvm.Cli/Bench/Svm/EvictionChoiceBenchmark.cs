using GpuSvm.Cli.Bench.Evict;
using GpuSvm.Core;
using GpuSvm.Svm;

namespace GpuSvm.Cli.Bench.Svm;

/// <summary>The choice of what leaves, among 8,192 allocations: asked for one that comes and entered again, with a use of another in between.</summary>
/// <remarks>That is all that a policy does for one eviction and one coming, so the figure is an upper bound of the decision.</remarks>
internal sealed class EvictionChoiceBenchmark : Benchmark
{
    private const int Count = 8_192;
    private const int Choices = 1_000_000;
    private readonly BenchMemory _memory = new(Count, Count, eviction: null);
    private readonly IEvictionPolicy _policy = EvictionPolicies.ScanResistant();
    private readonly DeviceAllocation[] _allocations;
    private readonly SeededRandom _random = new(1);

    /// <summary>Fills the memory.</summary>
    public EvictionChoiceBenchmark()
    {
        for (int i = 0; i < Count; i++)
        {
            _memory.Use(i);
        }

        _allocations = [.. _memory.Memory.Allocations];
        foreach (DeviceAllocation allocation in _allocations)
        {
            _policy.Added(allocation);
        }
    }

    /// <inheritdoc/>
    public override string Name => "svm.eviction_choice";

    /// <inheritdoc/>
    public override string Unit => "ns";

    /// <inheritdoc/>
    public override long? CountAllocatedBytes()
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        Choose(Count);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    /// <inheritdoc/>
    public override double RunOnce()
    {
        long start = Clock.Monotonic.NowNanoseconds;
        Choose(Choices);
        return (Clock.Monotonic.NowNanoseconds - start) / (double)Choices;
    }

    /// <inheritdoc/>
    public override void Dispose() => _memory.Dispose();

    private void Choose(int choices)
    {
        for (int i = 0; i < choices; i++)
        {
            _policy.Used(_allocations[_random.Next(Count)]);
            DeviceAllocation comer = _policy.TryChoose(AddressRange.PageAt(BenchMemory.AddressOf(_random.Next(Count))))!;
            _policy.Added(comer);
        }
    }
}
