using System.CommandLine;
using GpuSvm.Cli.Options;
using GpuSvm.Cli.Output;
using GpuSvm.Scenarios;

namespace GpuSvm.Cli.Explore;

/// <summary><c>gpusvm explore</c>: runs races in one order of their threads after another.</summary>
internal static class ExploreVerb
{
    private const string Everything = "all";
    private const string List = "list";

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var scenario = new Argument<string>("SCENARIO") { Description = $"A race; '{Everything}' for each, '{List}' to name them." };
        Option<int> schedules = NumberOption.Create("--schedules", "Schedules of each scenario at most.", 1000, 1, 100_000_000);
        Option<ulong> seed = NumberOption.Create("--seed", "Seed of the first schedule; each takes the next.", 1UL, 0UL, ulong.MaxValue);
        var strategy = new Option<string>("--strategy")
        {
            Description = "How schedules are chosen: random, pct (priorities), or exhaustive (all with at most two preemptions).",
            DefaultValueFactory = _ => "random",
        };
        strategy.AcceptOnlyFromAmong("random", "pct", "exhaustive");
        var breaks = new Option<string?>("--break") { Description = $"A defect to switch on in the production code, or '{Everything}' of them." };
        var json = new Option<bool>("--json") { Description = "Print one JSON document instead of a table." };
        var command = new Command("explore", "Run races on small machines in one order of their threads after another.")
        {
            scenario, schedules, seed, strategy, breaks, json,
        };
        command.SetAction(async (parsed, _) =>
        {
            string name = parsed.GetRequiredValue(scenario);
            if (name == List)
            {
                return PrintList(parsed.GetValue(json));
            }

            IReadOnlyList<string> scenarios = Choose("SCENARIO", name, [.. RaceScenarios.All().Select(one => one.Name)]);
            var options = new SearchOptions(
                Enum.Parse<SearchStrategy>(parsed.GetRequiredValue(strategy), ignoreCase: true),
                parsed.GetValue(seed),
                Stride: 1,
                parsed.GetValue(schedules));
            IReadOnlyList<ExploreRow> rows = parsed.GetValue(breaks) is { } broken
                ? await Exploration.OfBreaksAsync(Choose("--break", broken, RaceScenarios.Breaks), scenarios, options).ConfigureAwait(false)
                : await Exploration.OfScenariosAsync(scenarios, options).ConfigureAwait(false);
            return Print(new ExploreDocument(parsed.GetRequiredValue(strategy), options.FirstSeed, rows), parsed.GetValue(json));
        });
        return command;
    }

    private static IReadOnlyList<string> Choose(string what, string name, IReadOnlyList<string> all) =>
        name == Everything ? all :
        all.Contains(name) ? [name] :
        throw new BadInputException($"{what} {name}: is unknown, expected {Everything} or one of {string.Join(", ", all)}");

    private static int PrintList(bool isJson)
    {
        if (isJson)
        {
            JsonOutput.Write(new ExploreList([.. RaceScenarios.All().Select(scenario => scenario.Name)], RaceScenarios.Breaks));
        }
        else
        {
            TextOutput.Write(RaceScenarios.All());
        }

        return ExitCodes.Success;
    }

    private static int Print(ExploreDocument document, bool isJson)
    {
        if (isJson)
        {
            JsonOutput.Write(document);
        }
        else
        {
            TextOutput.Write(document);
        }

        return document.Results.Any(row => row.Failure is not null) ? ExitCodes.Failure : ExitCodes.Success;
    }
}
