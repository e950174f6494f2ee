using GpuSvm.Cli.Bench.Evict;
using GpuSvm.Core;
using GpuSvm.Svm;

namespace GpuSvm.Cli.Bench.Svm;

/// <summary>What an eviction policy does, among 8,192 allocations: the choice of what leaves and the coming of what comes, or a use.</summary>
internal sealed class EvictionBenchmark : Benchmark
{
    /// <summary>What is measured.</summary>
    internal enum Step
    {
        Choice,
        Use,
    }

    private const int Count = 8_192;
    private const int Steps = 1_000_000;
    private readonly Step _step;
    private readonly BenchMemory _memory = new(Count, Count, eviction: null);
    private readonly IEvictionPolicy _policy = EvictionPolicies.ScanResistant();
    private readonly DeviceAllocation[] _allocations;
    private readonly SeededRandom _random = new(1);

    /// <summary>Fills the memory.</summary>
    public EvictionBenchmark(Step step)
    {
        _step = step;
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
    public override string Name => _step == Step.Choice ? "svm.eviction_choice" : "svm.eviction_use";

    /// <inheritdoc/>
    public override string Unit => "ns";

    /// <inheritdoc/>
    public override long? CountAllocatedBytes()
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        Run(Count);
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    /// <inheritdoc/>
    public override double RunOnce()
    {
        long start = Clock.Monotonic.NowNanoseconds;
        Run(Steps);
        return (Clock.Monotonic.NowNanoseconds - start) / (double)Steps;
    }

    /// <inheritdoc/>
    public override void Dispose() => _memory.Dispose();

    private void Run(int steps)
    {
        for (int i = 0; i < steps; i++)
        {
            int block = _random.Next(Count);
            if (_step == Step.Use)
            {
                _policy.Used(_allocations[block]);
            }
            else
            {
                _policy.Added(_policy.TryChoose(AddressRange.PageAt(BenchMemory.AddressOf(block)))!);
            }
        }
    }
}
