using System.CommandLine;
using System.Globalization;
using GpuSvm.Cli.Options;
using GpuSvm.Cli.Runs.Sorting;

namespace GpuSvm.Cli.Runs;

/// <summary><c>gpusvm run sort</c>.</summary>
internal static class SortVerb
{
    private const int MostNumbers = 100_000_000;
    private const int NumbersOfThread = 256;

    /// <summary>Makes the command.</summary>
    public static WorkloadCommand Create()
    {
        var command = new WorkloadCommand("sort", "Sort random 32-bit numbers, digit by digit.");
        Option<int> count = NumberOption.Create("--count", "How many numbers, 1 to 100000000.", 100_000, 1, MostNumbers);
        command.Add(count);
        command.Runs((session, parsed) => RunAsync(session, parsed.GetValue(count)));
        return command;
    }

    private static async Task<RunReport> RunAsync(RunSession session, int count)
    {
        var random = new SeededRandom(session.Options.Seed);
        uint[] expected = new uint[count];
        foreach (ref uint number in expected.AsSpan())
        {
            number = (uint)random.Next(1UL << 32);
        }

        ulong numbers = session.Place<uint>(expected);
        await SortAsync(session, numbers, count).ConfigureAwait(false);
        uint[] seen = new uint[count];
        for (int i = 0; i < count; i++)
        {
            seen[i] = session.Target.Load<uint>(numbers + (4 * (ulong)i));
        }

        Array.Sort(expected);
        int wrong = Enumerable.Range(0, count).FirstOrDefault(i => seen[i] != expected[i], -1);
        SortResult result = new(seen[0], seen[count / 2], seen[^1]);
        return new RunReport(
            new SortInput(count),
            result,
            [string.Create(
                CultureInfo.InvariantCulture,
                $"{count} numbers from {result.Smallest} to {result.Largest}, in the middle {result.Median}")],
            wrong < 0 ? null : $"number {wrong} of the sorted is {expected[wrong]} for the CPU, {seen[wrong]} for the GPU");
    }

    private static async Task SortAsync(RunSession session, ulong numbers, int count)
    {
        int blocks = session.BlocksFor(count / NumbersOfThread);
        long threads = (long)blocks * RunSession.BlockSize;
        var args = new RadixSortArgs(
            numbers,
            session.Map(4 * (ulong)count),
            session.Map(RadixSort.CounterBytes * (ulong)threads),
            session.Map(4 * (ulong)RunSession.BlockSize),
            count,
            threads,
            Shift: 0);
        for (int pass = 0; pass < RadixSort.Passes; pass++)
        {
            await session.LaunchAsync(RadixSort.Count, blocks, RunSession.BlockSize, args).ConfigureAwait(false);
            await session.LaunchAsync(RadixSort.Scan, 1, RunSession.BlockSize, args).ConfigureAwait(false);
            await session.LaunchAsync(RadixSort.Scatter, blocks, RunSession.BlockSize, args).ConfigureAwait(false);
            args = args with { From = args.To, To = args.From, Shift = args.Shift + RadixSort.DigitBits };
        }
    }
}
