using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using GpuSvm.Cli.Output;
using GpuSvm.Scenarios;

namespace GpuSvm.Cli.Explore;

/// <summary>A process of this tool in which an explorer controls the threads: on one CPU, since handing over between two is ten times dearer.</summary>
internal static class ExploreProcess
{
    /// <summary>The argument that makes the tool such a process.</summary>
    public const string Verb = "explore-part";

    /// <summary>Number of schedules of a scenario between two lines at most, so that a process that is silent for long hangs.</summary>
    private const int SliceLength = 5000;

    private static readonly TimeSpan Startup = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan EachSchedule = TimeSpan.FromMilliseconds(20);
    private static readonly int[] Rounds = [200, 2000, int.MaxValue];

    /// <summary>Starts a process on a CPU and collects what it saw.</summary>
    /// <exception cref="SvmException">It ended in another way than it should.</exception>
    public static async Task<IReadOnlyList<ExplorePart>> RunAsync(ExploreTask task, int cpu)
    {
        using Process process = ProcessAffinity.Start(cpu, Describe(task));
        string what = $"explores '{task.Break ?? string.Join(' ', task.Scenarios)}'";
        int most = task.Options.Strategy == SearchStrategy.Exhaustive ? task.Options.Schedules : SliceLength;
        IReadOnlyList<string> lines = await WatchedProcess.ReadLinesAsync(process, what, Startup + (most * EachSchedule)).ConfigureAwait(false);
        return [.. lines.Select(JsonLines.ReadPart)];
    }

    /// <summary>What such a process does: a line for each scenario, or more.</summary>
    /// <param name="arguments">What <see cref="RunAsync"/> passed.</param>
    /// <remarks>
    /// If a mutation is on, up to the first scenario that fails. The first of them most likely will, so it gets many schedules at once;
    /// of the others which one will is not known, so each gets a few before any gets many.
    /// </remarks>
    public static int Work(ReadOnlySpan<string> arguments)
    {
        var options = new SearchOptions(
            Enum.Parse<SearchStrategy>(arguments[0]),
            ulong.Parse(arguments[1], CultureInfo.InvariantCulture),
            int.Parse(arguments[2], CultureInfo.InvariantCulture),
            int.Parse(arguments[3], CultureInfo.InvariantCulture));
        bool stopsWhenFound = Environment.GetEnvironmentVariable("GPUSVM_BREAK") is { Length: > 0 };
        bool isWhole = !stopsWhenFound || options.Strategy == SearchStrategy.Exhaustive;
        using var explorer = new Explorer();
        foreach ((string name, int from, int to) in Turns(arguments[4..].ToArray(), options.Schedules, isWhole ? [int.MaxValue] : Rounds))
        {
            bool isClean = Search(explorer, name, options.Slice(from, to));
            if (!explorer.IsUsable || (stopsWhenFound && !isClean))
            {
                break;
            }
        }

        return ExitCodes.Success;
    }

    /// <summary>A process of this tool whose threads can be controlled.</summary>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="broken">The mutation that is switched on, or null.</param>
    public static ProcessStartInfo Describe(IEnumerable<string> arguments, string? broken)
    {
        string host = Environment.ProcessPath ?? throw new SvmException(Errno.ENOENT, "The tool does not know its own program.");
        var start = new ProcessStartInfo(host) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (Path.GetFileNameWithoutExtension(host) == "dotnet")
        {
            start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "GpuSvm.Cli.dll"));
        }

        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["GPUSVM_EXPLORE"] = "1";
        start.Environment["GPUSVM_CHECKS"] = "1";
        start.Environment["DOTNET_gcConcurrent"] = "0";
        start.Environment["GPUSVM_BREAK"] = broken ?? "";
        start.Environment.Remove("GPUSVM_JITTER");
        return start;
    }

    /// <summary>Which schedules of which scenario are run one after another: the first takes its turns of the first two rounds at once.</summary>
    private static IEnumerable<(string Name, int From, int To)> Turns(string[] names, int schedules, int[] rounds)
    {
        var done = new int[names.Length];
        int head = Math.Min(rounds[Math.Min(1, rounds.Length - 1)], schedules);
        foreach ((int scenario, int to) in rounds.SelectMany(round => names.Select((_, scenario) => (scenario, Math.Min(round, schedules)))).Prepend((0, head)))
        {
            if (to > done[scenario])
            {
                yield return (names[scenario], done[scenario], to);
                done[scenario] = to;
            }
        }
    }

    /// <summary>Runs schedules of a scenario, slice by slice, up to one that fails.</summary>
    /// <returns>False if one failed.</returns>
    private static bool Search(Explorer explorer, string name, in SearchOptions options)
    {
        string? assembly = Environment.GetEnvironmentVariable(ScenarioAssembly.Variable);
        IRaceScenario scenario = ScenarioAssembly.Named(assembly).First(scenario => scenario.Name == name);
        var search = new ScenarioSearch(explorer, scenario);
        int length = options.Strategy == SearchStrategy.Exhaustive ? options.Schedules : SliceLength;
        bool isClean = true;
        for (int from = 0; from < options.Schedules && isClean; from += length)
        {
            SearchResult result = search.Run(options.Slice(from, Math.Min(options.Schedules, from + length)));
            byte[] hashes = MemoryMarshal.AsBytes(result.Hashes.ToArray().AsSpan()).ToArray();
            Console.Out.WriteLine(JsonLines.Write(
                new ExplorePart(name, result.Schedules, result.Steps, result.Elapsed.TotalSeconds, hashes, result.Failure)));
            isClean = result.Failure is null;
        }

        return isClean;
    }

    private static ProcessStartInfo Describe(ExploreTask task)
    {
        SearchOptions options = task.Options;
        ProcessStartInfo start = Describe(
            [
                Verb, $"{options.Strategy}", options.FirstSeed.ToString(CultureInfo.InvariantCulture),
                options.Stride.ToString(CultureInfo.InvariantCulture), options.Schedules.ToString(CultureInfo.InvariantCulture), .. task.Scenarios,
            ],
            task.Break);

        // The compiler's second tier would run beside the schedules on the same CPU and be done when they are: one tier takes half the time.
        start.Environment["DOTNET_TieredCompilation"] = "0";
        start.Environment[ScenarioAssembly.Variable] = task.Assembly;
        return start;
    }
}
