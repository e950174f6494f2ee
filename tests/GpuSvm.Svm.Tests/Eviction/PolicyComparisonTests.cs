using GpuSvm.Workloads;

namespace GpuSvm.Svm.Tests.Eviction;

/// <summary>The policies compared: with each other, and with the optimum, which knows what comes.</summary>
public sealed class PolicyComparisonTests
{
    private const int Fits = 64;
    private const int Passes = 4;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_stream_of_125_percent_evicts_at_most_twice_the_excess_in_each_pass(bool reports)
    {
        const int Blocks = 81;
        int[] pass = AccessTraces.Triad(Blocks, 1);
        using var run = new TraceRun(Fits, Blocks, EvictionPolicies.ScanResistant);
        for (int i = 0; i < 8; i++)
        {
            long before = run.Evictions;
            run.Play(pass, reports);
            Assert.InRange(run.Evictions - before, Blocks - Fits, 2 * (Blocks - Fits));
        }

        Assert.Equal(Fits, run.Counters.PeakPages);
        run.AssertNothingLost(Blocks);
    }

    [Fact]
    public void Least_recent_use_and_age_evict_all_of_a_stream_in_each_pass()
    {
        const int Blocks = 81;
        int[] trace = AccessTraces.Triad(Blocks, Passes);
        Assert.Equal((Passes * Blocks) - Fits, Evictions(trace, Blocks, EvictionPolicies.LeastRecentlyUsed, reports: true));
        Assert.Equal((Passes * Blocks) - Fits, Evictions(trace, Blocks, EvictionPolicies.OldestAllocation, reports: true));
    }

    /// <summary>Evictions for those of the optimum, at most, in percent; with reports of use and without.</summary>
    [Theory]
    [InlineData("triad", 110, 260, 220)]
    [InlineData("triad", 125, 170, 190)]
    [InlineData("triad", 150, 140, 170)]
    [InlineData("triad", 400, 110, 110)]
    [InlineData("spmv", 110, 260, 260)]
    [InlineData("spmv", 125, 170, 220)]
    [InlineData("spmv", 150, 150, 220)]
    [InlineData("spmv", 400, 150, 220)]
    [InlineData("hashjoin", 110, 110, 800)]
    [InlineData("hashjoin", 125, 110, 400)]
    [InlineData("hashjoin", 150, 180, 250)]
    [InlineData("hashjoin", 400, 210, 260)]
    public void The_default_stays_near_the_optimum_and_is_never_worse_than_least_recent_use(string workload, int percent, int reported, int unreported)
    {
        int blocks = Fits * percent / 100;
        int[] trace = TraceOf(workload, blocks);
        long best = Evictions(trace, blocks, () => new FarthestUsePolicy(TraceRun.AddressesOf(trace)), reports: true);
        long recent = Evictions(trace, blocks, EvictionPolicies.LeastRecentlyUsed, reports: true);
        long ours = Evictions(trace, blocks, EvictionPolicies.ScanResistant, reports: true);
        long blind = Evictions(trace, blocks, EvictionPolicies.ScanResistant, reports: false);
        Assert.True(best > 0 && best <= recent && best <= ours && best <= blind, $"The optimum evicts {best}, the others {recent}, {ours}, {blind}.");
        Assert.True(ours <= recent, $"{ours} evictions, and {recent} by least recent use.");
        Assert.True(100 * ours <= reported * best, $"{ours} evictions with reports of use are {100 * ours / best} % of the optimum's {best}.");
        Assert.True(100 * blind <= unreported * best, $"{blind} evictions without reports are {100 * blind / best} % of the optimum's {best}.");
    }

    [Fact]
    public void What_is_not_used_any_more_leaves_for_a_working_set_that_fits()
    {
        // First some blocks that are dead afterwards, then others that fit, again and again.
        int[] dead = [.. Enumerable.Range(0, Fits)];
        int[] alive = [.. Enumerable.Range(Fits, Fits * 3 / 4)];
        using var run = new TraceRun(Fits, Fits * 2, EvictionPolicies.ScanResistant);
        run.Play(dead, reports: true);
        run.Play(alive, reports: true);
        long before = run.Evictions;
        for (int i = 0; i < 4; i++)
        {
            run.Play(alive, reports: true);
        }

        Assert.Equal((Fits * 3L / 4, Fits * 3L / 4), (before, run.Evictions));
    }

    private static int[] TraceOf(string workload, int blocks) => workload switch
    {
        "triad" => AccessTraces.Triad(blocks, Passes),
        "spmv" => AccessTraces.SparseProduct(blocks, Passes, seed: 1),
        _ => AccessTraces.HashJoin(blocks, Passes, seed: 2),
    };

    private static long Evictions(int[] trace, int blocks, Func<IEvictionPolicy> policy, bool reports)
    {
        using var run = new TraceRun(Fits, blocks, policy);
        run.Play(trace, reports);
        return run.Evictions;
    }
}
