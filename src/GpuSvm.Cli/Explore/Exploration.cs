using System.Globalization;
using System.Runtime.InteropServices;
using GpuSvm.Scenarios;

namespace GpuSvm.Cli.Explore;

/// <summary>Splits an exploration over processes, one on each CPU at a time, and puts together what they saw.</summary>
internal static class Exploration
{
    /// <summary>Explores scenarios on the production code as it is: each CPU takes its share of the seeds.</summary>
    public static async Task<IReadOnlyList<ExploreRow>> OfScenariosAsync(
        IReadOnlyList<string> scenarios, SearchOptions options, string? assembly = null)
    {
        int shares = options.Strategy == SearchStrategy.Exhaustive ? 1 : Math.Min(ProcessAffinity.Cpus.Count, options.Schedules);
        ExploreTask[] tasks =
        [
            .. Enumerable.Range(0, shares).Select(share => new ExploreTask(scenarios, null, options with
            {
                FirstSeed = unchecked(options.FirstSeed + (ulong)share),
                Stride = shares,
                Schedules = (options.Schedules + shares - 1 - share) / shares,
            }, assembly)),
        ];
        IReadOnlyList<ExplorePart>[] parts = await RunAllAsync(tasks).ConfigureAwait(false);
        return [.. scenarios.Select(scenario => Merge(scenario, null, [.. parts.SelectMany(part => part.Where(one => one.Scenario == scenario))]))];
    }

    /// <summary>Explores scenarios that may fail, each in a process of its own: threads of a failed schedule may not unwind.</summary>
    public static async Task<IReadOnlyList<ExploreRow>> OfEachAsync(IReadOnlyList<string> scenarios, SearchOptions options, string assembly)
    {
        IReadOnlyList<ExplorePart>[] parts = await RunAllAsync([.. scenarios.Select(name => new ExploreTask([name], null, options, assembly))])
            .ConfigureAwait(false);
        return [.. scenarios.Zip(parts, (name, part) => Merge(name, null, part))];
    }

    /// <summary>Switches mutations on, one after another, and looks for a scenario that finds each: first the one that is known to.</summary>
    public static async Task<IReadOnlyList<ExploreRow>> OfBreaksAsync(
        IReadOnlyList<string> breaks, IReadOnlyList<string> scenarios, SearchOptions options, string? assembly = null)
    {
        IReadOnlyList<ExplorePart>[] parts = await RunAllAsync(
            [.. breaks.Select(name => new ExploreTask([.. scenarios.OrderBy(one => one != RaceBreaks.Finders[name])], name, options, assembly))])
            .ConfigureAwait(false);
        return [.. breaks.Zip(parts, OfBreak)];
    }

    private static bool Found(ExplorePart part) => part.Failure is not null;

    private static ExploreRow OfBreak(string name, IReadOnlyList<ExplorePart> parts) => parts.FirstOrDefault(Found) is { } found
        ? Merge(found.Scenario, name, [.. parts.Where(part => part.Scenario == found.Scenario)])
        : Merge(string.Join(", ", parts.Select(part => part.Scenario).Distinct()), name, parts);

    private static async Task<IReadOnlyList<ExplorePart>[]> RunAllAsync(ExploreTask[] tasks)
    {
        var results = new IReadOnlyList<ExplorePart>[tasks.Length];
        int next = -1;
        await Task.WhenAll(ProcessAffinity.Cpus.Select(async cpu =>
        {
            for (int i = SharedWord.Add(ref next, 1); i < tasks.Length; i = SharedWord.Add(ref next, 1))
            {
                results[i] = await ExploreProcess.RunAsync(tasks[i], cpu).ConfigureAwait(false);
            }
        })).ConfigureAwait(false);
        return results;
    }

    private static ExploreRow Merge(string scenario, string? breakName, IReadOnlyList<ExplorePart> parts)
    {
        var distinct = new HashSet<ulong>();
        foreach (ExplorePart part in parts)
        {
            distinct.UnionWith(MemoryMarshal.Cast<byte, ulong>(part.Hashes).ToArray());
        }

        int schedules = parts.Sum(part => part.Schedules);
        return new ExploreRow(
            scenario,
            breakName,
            schedules,
            distinct.Count,
            distinct.Aggregate(0UL, (sum, hash) => sum ^ hash).ToString("x16", CultureInfo.InvariantCulture),
            parts.Sum(part => part.Steps) / Math.Max(1.0, schedules),
            schedules / Math.Max(1e-6, parts.Sum(part => part.Seconds)),
            parts.Select(part => part.Failure).Where(failure => failure is not null).MinBy(failure => failure!.Seed));
    }
}
