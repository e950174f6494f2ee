using System.Globalization;
using GpuSvm.Core;
using Xunit.Abstractions;

namespace GpuSvm.Tests.Soak;

/// <summary>Random CPU and GPU activity for as long as GPUSVM_SOAK_SECONDS says: nothing is lost, and memory does not grow.</summary>
public sealed class SoakTests(ITestOutputHelper output)
{
    private const int DefaultSeconds = 5;
    private const int WarmUpRounds = 3;

    /// <summary>What the process may grow by between its third round and its last: noise of the collector, not of the rounds.</summary>
    private const long Slack = 16 << 20;

    [Fact]
    public async Task Random_activity_loses_nothing_and_takes_no_more_memory_with_time()
    {
        string? wanted = Environment.GetEnvironmentVariable("GPUSVM_SOAK_SECONDS");
        var time = TimeSpan.FromSeconds(wanted is null ? DefaultSeconds : int.Parse(wanted, CultureInfo.InvariantCulture));
        ulong seed = unchecked((ulong)Clock.Monotonic.NowNanoseconds);
        output.WriteLine($"seed {seed}");
        using var machine = new SoakMachine(seed);
        Deadline deadline = Clock.Monotonic.After(time);
        long warm = 0;
        int round = 0;
        for (; round <= WarmUpRounds || !deadline.HasPassed; round++)
        {
            await machine.RoundAsync(round);
            machine.Check(round);
            if (round == WarmUpRounds)
            {
                warm = GC.GetTotalMemory(forceFullCollection: true);
            }
        }

        long last = GC.GetTotalMemory(forceFullCollection: true);
        output.WriteLine($"{round} rounds, {machine.Moved} pages moved to the GPU, managed memory {warm} then {last} bytes");
        Assert.InRange(last, 0, warm + Slack);
        Assert.True(machine.Moved > 0, "no page moved");
    }
}
