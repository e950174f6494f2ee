using System.CommandLine;
using System.Globalization;
using GpuSvm.Cli.Options;
using GpuSvm.Cli.Runs.Joins;

namespace GpuSvm.Cli.Runs;

/// <summary><c>gpusvm run hashjoin</c>.</summary>
internal static class HashJoinVerb
{
    private const int MostRows = 10_000_000;

    /// <summary>Makes the command.</summary>
    public static WorkloadCommand Create()
    {
        var command = new WorkloadCommand("hashjoin", "Join two tables of random keys by a hash table: which rows have the same key.");
        Option<int> rows = NumberOption.Create("--rows", "Rows of each table, 1 to 10000000.", 100_000, 1, MostRows);
        command.Add(rows);
        command.Runs((session, parsed) => RunAsync(session, parsed.GetValue(rows)));
        return command;
    }

    private static async Task<RunReport> RunAsync(RunSession session, int rows)
    {
        var random = new SeededRandom(session.Options.Seed);
        uint[] left = Keys(random, rows);
        uint[] right = Keys(random, rows);
        List<(int Left, int Right)> seen = await JoinAsync(session, left, right).ConfigureAwait(false);
        List<(int Left, int Right)> expected = PlainJoin.Pairs(left, right);
        JoinResult result = new(
            seen.Count, seen.Select(pair => pair.Left).Distinct().Count(), seen.Select(pair => pair.Right).Distinct().Count());
        string answer = string.Create(
            CultureInfo.InvariantCulture,
            $"{result.Pairs} pairs, of {result.LeftRows} rows of the left table and {result.RightRows} of the right; {rows} rows each");
        return new RunReport(new JoinInput(rows), result, [answer], FindWrong(expected, seen));
    }

    /// <summary>Joins; gives the pairs in order.</summary>
    private static async Task<List<(int Left, int Right)>> JoinAsync(RunSession session, uint[] left, uint[] right)
    {
        int bits = HashJoin.BucketBits(left.Length);
        var args = new HashJoinArgs(
            session.Place<uint>(left),
            left.Length,
            session.Place<uint>(right),
            right.Length,
            Heads: session.Map(4UL << bits),
            bits,
            Next: session.Map(4 * (ulong)left.Length),
            PairCount: session.Map(8),
            Pairs: 0,
            PairRoom: 0);
        int blocks = session.BlocksFor(left.Length);
        await session.LaunchAsync(HashJoin.Build, blocks, RunSession.BlockSize, args).ConfigureAwait(false);

        // Once to learn how much room the pairs take, once to store them.
        await session.LaunchAsync(HashJoin.Probe, blocks, RunSession.BlockSize, args).ConfigureAwait(false);
        long pairs = session.Target.Load<long>(args.PairCount);
        session.Target.Store(args.PairCount, 0L);
        args = args with { Pairs = session.Map(8 * (ulong)Math.Max(1, pairs)), PairRoom = pairs };
        await session.LaunchAsync(HashJoin.Probe, blocks, RunSession.BlockSize, args).ConfigureAwait(false);
        return Read(session, args);
    }

    private static List<(int Left, int Right)> Read(RunSession session, HashJoinArgs args)
    {
        List<(int Left, int Right)> pairs = [];
        for (ulong at = args.Pairs; at < args.Pairs + (8 * (ulong)args.PairRoom); at += 8)
        {
            pairs.Add((session.Target.Load<int>(at), session.Target.Load<int>(at + 4)));
        }

        pairs.Sort();
        return pairs;
    }

    private static uint[] Keys(SeededRandom random, int rows)
    {
        uint[] keys = new uint[rows];
        foreach (ref uint key in keys.AsSpan())
        {
            key = (uint)random.Next(rows);
        }

        return keys;
    }

    private static string? FindWrong(List<(int Left, int Right)> expected, List<(int Left, int Right)> seen)
    {
        if (expected.Count != seen.Count)
        {
            return $"the CPU finds {expected.Count} pairs, the GPU {seen.Count}";
        }

        int wrong = Enumerable.Range(0, seen.Count).FirstOrDefault(i => seen[i] != expected[i], -1);
        return wrong < 0 ? null : $"pair {wrong} is of the rows {expected[wrong]} for the CPU, {seen[wrong]} for the GPU";
    }
}
