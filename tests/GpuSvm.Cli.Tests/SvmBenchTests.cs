using GpuSvm.Cli.Bench.Svm;

namespace GpuSvm.Cli.Tests;

/// <summary>What the benchmarks of ranges do is what they say, and a warm driver allocates nothing for the fault of a range.</summary>
public sealed class SvmBenchTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_fault_of_a_range_allocates_nothing_once_warm(bool isHuge)
    {
        using RangeFaultBenchmark bench = isHuge ? RangeFaultBenchmark.Huge() : RangeFaultBenchmark.Small();
        bench.RunOnce();
        Assert.Equal(0, bench.CountAllocatedBytes());
    }

    [Fact]
    public void A_page_that_moves_there_and_home_stays_huge_and_allocates_no_more_than_the_record_of_its_allocation()
    {
        using Bench.Benchmark bench = MigrateBenchmark.All[0]();
        bench.RunOnce();
        Assert.InRange(bench.CountAllocatedBytes()!.Value, 0, 200 * 256);
    }
}
