using System.Diagnostics;
using System.Globalization;
using GpuSvm.Cli.Output;
using GpuSvm.Scenarios;

namespace GpuSvm.Cli.Explore;

/// <summary>A process of this tool that runs scenarios and tells which schedule points they reach.</summary>
internal static class PointsProcess
{
    /// <summary>The argument that makes the tool such a process.</summary>
    public const string Verb = "explore-points";

    /// <summary>
    /// Names under which the runtime takes orders: code stays as it was first compiled, with a frame for every call; else a stack does not
    /// show a primitive, or the method that calls it, that was put into its caller.
    /// </summary>
    private static readonly (string Name, string Value)[] WithoutInlining =
    [
        ("DOTNET_TieredCompilation", "1"), ("DOTNET_TieredPGO", "0"), ("DOTNET_TC_QuickJit", "1"), ("DOTNET_TC_QuickJitForLoops", "1"),
        ("DOTNET_TC_OnStackReplacement", "0"), ("DOTNET_TC_CallCountThreshold", "FFFF"), ("DOTNET_TC_CallCountingDelayMs", "7FFFFFFF"),
    ];

    /// <summary>How long such a process may be silent: it prints only at its end.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    /// <summary>Runs all scenarios, a share of them in a process on each CPU, and puts together what they reached.</summary>
    /// <param name="seed">Seed of the first schedule.</param>
    /// <param name="schedules">Number of schedules of each scenario by each of two strategies.</param>
    public static async Task<PointsDocument> RunAsync(ulong seed, int schedules)
    {
        IReadOnlyList<int> cpus = ProcessAffinity.Cpus;
        string[] scenarios = [.. RaceScenarios.All().Select(scenario => scenario.Name)];
        IReadOnlyList<SchedulePointSite>[] parts = await Task.WhenAll(cpus.Select((cpu, share) => RunPartAsync(
            cpu, seed, schedules, [.. scenarios.Where((_, index) => index % cpus.Count == share)]))).ConfigureAwait(false);
        HashSet<SchedulePointSite> reached = [.. parts.SelectMany(part => part)];
        using var map = new SchedulePointMap();
        IReadOnlyList<SchedulePointSite> all = map.All();
        return reached.Except(all).FirstOrDefault() is { } stray
            ? throw new SvmException(Errno.EIO, $"A scenario reached {stray}, which was not found in the compiled code.")
            : new PointsDocument(all.Count, reached.Count, [.. all.Select(site => Row(site, reached.Contains(site)))]);
    }

    /// <summary>What such a process does: a line for each point that was reached.</summary>
    /// <param name="arguments">Seed, number of schedules, names of scenarios.</param>
    public static int Work(ReadOnlySpan<string> arguments)
    {
        ulong seed = ulong.Parse(arguments[0], CultureInfo.InvariantCulture);
        int schedules = int.Parse(arguments[1], CultureInfo.InvariantCulture);
        using var map = new SchedulePointMap();
        using var explorer = new Explorer { StepObserver = map.Observe };
        foreach (string name in arguments[2..])
        {
            foreach (SearchStrategy strategy in (SearchStrategy[])[SearchStrategy.Random, SearchStrategy.Pct])
            {
                var search = new ScenarioSearch(explorer, RaceScenarios.All().First(scenario => scenario.Name == name));
                if (search.Run(new SearchOptions(strategy, seed, Stride: 1, schedules)).Failure is { } failure)
                {
                    Console.Error.WriteLine($"{name} failed: {failure.Message}");
                    return ExitCodes.Failure;
                }
            }
        }

        foreach (SchedulePointSite site in map.Reached)
        {
            Console.Out.WriteLine(JsonLines.Write(site));
        }

        return ExitCodes.Success;
    }

    private static PointRow Row(SchedulePointSite site, bool isReached) => new(site.File, site.Line, site.Method, site.Point, isReached);

    private static async Task<IReadOnlyList<SchedulePointSite>> RunPartAsync(int cpu, ulong seed, int schedules, string[] scenarios)
    {
        ProcessStartInfo start = ExploreProcess.Describe(
            [Verb, seed.ToString(CultureInfo.InvariantCulture), schedules.ToString(CultureInfo.InvariantCulture), .. scenarios], broken: null);
        foreach ((string name, string value) in WithoutInlining)
        {
            start.Environment[name] = value;
        }

        using Process process = ProcessAffinity.Start(cpu, start);
        string what = $"explores the schedule points of {string.Join(' ', scenarios)}";
        IReadOnlyList<string> lines = await WatchedProcess.ReadLinesAsync(process, what, Patience).ConfigureAwait(false);
        return [.. lines.Select(JsonLines.ReadSite)];
    }
}
