namespace GpuSvm.Scenarios;

/// <summary>Runs schedules of one scenario until one fails.</summary>
/// <param name="explorer">Runs them; not usable any more if a failing schedule could not be unwound.</param>
/// <param name="scenario">The scenario.</param>
public sealed class ScenarioSearch(Explorer explorer, IRaceScenario scenario)
{
    private const int MostChangePoints = 3;
    private const int Preemptions = 2;
    private const int Probes = 4;

    /// <summary>Runs the schedules that the options name.</summary>
    /// <returns>What was found, shrunk.</returns>
    public SearchResult Run(in SearchOptions options)
    {
        // PCT spreads its changes over a schedule's length, which is that of one schedule for all seeds: a seed decides alone.
        int length = options.Strategy == SearchStrategy.Pct ? UsualLength() : 1;
        var all = new ExhaustiveSchedule(Preemptions);
        var hashes = new HashSet<ulong>();
        ScheduleOutcome? failed = null;
        long steps = 0;
        long start = Clock.Monotonic.NowNanoseconds;
        int count = 0;
        ulong seed = options.FirstSeed;
        while (failed is null && count < options.Schedules && (options.Strategy != SearchStrategy.Exhaustive || all.MoveNext()))
        {
            seed = options.Strategy == SearchStrategy.Exhaustive ? (ulong)all.Count : SeedAt(options, count);
            ISchedule schedule = options.Strategy switch
            {
                SearchStrategy.Random => new RandomSchedule(seed),
                SearchStrategy.Pct => new PctSchedule(seed, 1 + (int)(seed % MostChangePoints), length),
                _ => all,
            };
            ScheduleOutcome outcome = explorer.Run(schedule, scenario.Build);
            hashes.Add(outcome.Hash);
            steps += outcome.Steps;
            failed = outcome.IsClean ? null : outcome;
            count++;
        }

        var elapsed = TimeSpan.FromTicks((Clock.Monotonic.NowNanoseconds - start) / TimeSpan.NanosecondsPerTick);
        return new SearchResult(count, hashes, steps, elapsed, failed is null ? null : Explain(seed, failed));
    }

    /// <summary>Steps of the first of a few schedules that ends well, or of the shortest: one that fails may have run to the bound on steps.</summary>
    private int UsualLength()
    {
        int length = int.MaxValue;
        for (ulong seed = 0; seed < Probes; seed++)
        {
            ScheduleOutcome outcome = explorer.Run(new RandomSchedule(seed), scenario.Build);
            length = outcome.IsClean ? outcome.Steps : Math.Min(length, outcome.Steps);
            if (outcome.IsClean || !explorer.IsUsable)
            {
                break;
            }
        }

        return Math.Max(1, length);
    }

    private static ulong SeedAt(in SearchOptions options, int index) =>
        unchecked(options.FirstSeed + ((ulong)index * (ulong)options.Stride));

    private SearchFailure Explain(ulong seed, ScheduleOutcome failed)
    {
        ScheduleFailure failure = failed.Failure!;
        if (!explorer.IsUsable)
        {
            return new SearchFailure(seed, failure.Kind, failure.Message, [$"{failure.Kind}: {failure.Message} (its threads did not unwind)"]);
        }

        ScheduleOutcome shrunk = Shrinker.Shrink(explorer, failed, scenario.Build);
        IReadOnlyList<string> lines = explorer.IsUsable
            ? Interleaving.Lines(explorer.Trace(new ReplaySchedule(shrunk.Turns), scenario.Build))
            : [$"{failure.Kind}: {failure.Message} (a shorter schedule could not be unwound)"];
        return new SearchFailure(seed, failure.Kind, failure.Message, lines);
    }
}
