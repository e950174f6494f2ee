using BenchmarkDotNet.Attributes;
using GpuSvm.Core;

namespace GpuSvm.Benchmarks.Core;

/// <summary>Taking and releasing a free lock: ours, whose checks are off outside test processes, against the one of the runtime.</summary>
public class LockBenchmarks
{
    private readonly RankedLock _ranked = new(LockRank.Page);
    private readonly RankedSharedLock _shared = new(LockRank.Mmap);
    private readonly Lock _lock = new();
    private int _counter;

    /// <summary>System.Threading.Lock.</summary>
    [Benchmark]
    public int RuntimeLock()
    {
        using (_lock.EnterScope())
        {
            return _counter++;
        }
    }

    /// <summary>RankedLock.</summary>
    [Benchmark]
    public int Ranked()
    {
        using (_ranked.Enter())
        {
            return _counter++;
        }
    }

    /// <summary>RankedSharedLock, shared.</summary>
    [Benchmark]
    public int Shared()
    {
        using (_shared.EnterShared())
        {
            return _counter;
        }
    }
}
