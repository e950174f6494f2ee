using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using GpuSvm.Core;

namespace GpuSvm.Benchmarks.Core;

/// <summary>A free RankedLock against the lock of the runtime, in turns of some microseconds, so that both have the same machine.</summary>
internal static class LockRatio
{
    private const int Runs = 5;
    private const int Turns = 20_000;
    private const int PairsPerTurn = 500;

    private static readonly RankedLock Ranked = new(LockRank.Page);
    private static readonly Lock Runtime = new();
    private static readonly int[] Counter = new int[1];

    /// <summary>Prints the least time of a pair of enter and exit in each run, and the ratio; the first run warms up and is not shown.</summary>
    public static void Print()
    {
        for (int run = 0; run <= Runs; run++)
        {
            (long ranked, long runtime) = (long.MaxValue, long.MaxValue);
            for (int turn = 0; turn < Turns; turn++)
            {
                runtime = Math.Min(runtime, TakeRuntime());
                ranked = Math.Min(ranked, TakeRanked());
            }

            double scale = 1e9 / Stopwatch.Frequency / PairsPerTurn;
            if (run > 0)
            {
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"run {run}: Lock {runtime * scale:F2} ns, RankedLock {ranked * scale:F2} ns, ratio {(double)ranked / runtime:F2}"));
            }
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static long TakeRuntime()
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < PairsPerTurn; i++)
        {
            using (Runtime.EnterScope())
            {
                Counter[0]++;
            }
        }

        return Stopwatch.GetTimestamp() - start;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static long TakeRanked()
    {
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < PairsPerTurn; i++)
        {
            using (Ranked.Enter())
            {
                Counter[0]++;
            }
        }

        return Stopwatch.GetTimestamp() - start;
    }
}
