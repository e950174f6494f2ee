using GpuSvm.Cli.Bench.Faults;

namespace GpuSvm.Cli.Tests;

/// <summary>What the benchmarks of faults serve is what they say, and a warm driver allocates nothing for it.</summary>
public sealed class FaultBenchTests
{
    [Theory]
    [InlineData(1, 256)]
    [InlineData(16, 256)]
    [InlineData(0, 1)]
    public void A_warm_batch_allocates_nothing(int stride, int pages)
    {
        using var bench = new FaultBench(4096, workers: 1);
        bench.Touch();
        long allocated = long.MaxValue;
        const int Batches = 20;
        for (int batch = 0; batch < Batches; batch++)
        {
            for (int i = 0; i < FaultBench.BatchSize; i++)
            {
                bench.Fault((FaultBench.BatchSize - 1 - i) * stride, FaultAccess.Read);
            }

            long before = GC.GetAllocatedBytesForCurrentThread();
            bench.Serve();
            allocated = Math.Min(allocated, GC.GetAllocatedBytesForCurrentThread() - before);
            bench.TakeFromGpu();
        }

        bench.DemandMapped(Batches * pages);
        Assert.Equal(0, allocated);
    }
}
