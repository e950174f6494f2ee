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

    private static readonly int[] Rounds = [200, 2000, int.MaxValue];

    /// <summary>Starts a process on a CPU and collects what it saw.</summary>
    /// <exception cref="SvmException">It ended in another way than it should.</exception>
    public static async Task<IReadOnlyList<ExplorePart>> RunAsync(ExploreTask task, int cpu)
    {
        ProcessStartInfo start = Describe(task);
        using Process process = ProcessAffinity.Start(cpu, start);
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync().ConfigureAwait(false);
        await process.WaitForExitAsync().ConfigureAwait(false);
        return process.ExitCode == ExitCodes.Success
            ? [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(JsonLines.ReadPart)]
            : throw new SvmException(
                Errno.EIO, $"A process that explores '{task.Break ?? string.Join(' ', task.Scenarios)}' failed: {await errors.ConfigureAwait(false)}");
    }

    /// <summary>What such a process does: a line for each scenario.</summary>
    /// <param name="arguments">What <see cref="RunAsync"/> passed.</param>
    /// <remarks>
    /// If a mutation is on, up to the first scenario that fails: which one will is not known, so each gets a few schedules before any
    /// gets many.
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
        int from = 0;
        foreach (int to in isWhole ? [options.Schedules] : Rounds.Select(round => Math.Min(round, options.Schedules)))
        {
            SearchOptions slice = options with
            {
                FirstSeed = unchecked(options.FirstSeed + ((ulong)from * (ulong)options.Stride)),
                Schedules = to - from,
            };
            foreach (string name in arguments[4..])
            {
                SearchResult result = Search(explorer, name, slice);
                if (!explorer.IsUsable || (stopsWhenFound && result.Failure is not null))
                {
                    return ExitCodes.Success;
                }
            }

            from = to;
        }

        return ExitCodes.Success;
    }

    private static SearchResult Search(Explorer explorer, string name, in SearchOptions options)
    {
        IRaceScenario scenario = RaceScenarios.All().First(scenario => scenario.Name == name);
        SearchResult result = new ScenarioSearch(explorer, scenario).Run(options);
        byte[] hashes = MemoryMarshal.AsBytes(result.Hashes.ToArray().AsSpan()).ToArray();
        Console.Out.WriteLine(JsonLines.Write(
            new ExplorePart(name, result.Schedules, result.Steps, result.Elapsed.TotalSeconds, hashes, result.Failure)));
        return result;
    }

    private static ProcessStartInfo Describe(ExploreTask task)
    {
        string host = Environment.ProcessPath ?? throw new SvmException(Errno.ENOENT, "The tool does not know its own program.");
        string tool = Path.Combine(AppContext.BaseDirectory, "GpuSvm.Cli.dll");
        var start = new ProcessStartInfo(host) { RedirectStandardOutput = true, RedirectStandardError = true };
        string[] own = Path.GetFileNameWithoutExtension(host) == "dotnet" ? [tool, Verb] : [Verb];
        SearchOptions options = task.Options;
        string[] numbers =
        [
            $"{options.Strategy}", options.FirstSeed.ToString(CultureInfo.InvariantCulture),
            options.Stride.ToString(CultureInfo.InvariantCulture), options.Schedules.ToString(CultureInfo.InvariantCulture),
        ];
        foreach (string argument in (string[])[.. own, .. numbers, .. task.Scenarios])
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["GPUSVM_EXPLORE"] = "1";
        start.Environment["GPUSVM_CHECKS"] = "1";
        start.Environment["DOTNET_gcConcurrent"] = "0";
        start.Environment["GPUSVM_BREAK"] = task.Break ?? "";
        start.Environment.Remove("GPUSVM_JITTER");
        return start;
    }
}
