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
    private const string Review = "review";
    private const string Points = "points";
    private const string OnStrategies = "strategies";
    private const int SchedulesForPoints = 100;

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var scenario = new Argument<string>("SCENARIO")
        {
            Description = $"A race; '{Everything}' for each, '{OnStrategies}' for those of drivers on each mirror strategy (RACE-on-STRATEGY), " +
                $"'{List}' to name them, '{Review}' for a reviewed patch, posted and repaired, '{Points}' for the code's schedule points.",
        };
        Option<int> schedules = NumberOption.Create("--schedules", "Schedules of each scenario at most.", 1000, 1, 100_000_000);
        Option<ulong> seed = NumberOption.Create("--seed", "Seed of the first schedule; each takes the next.", 1UL, 0UL, ulong.MaxValue);
        var strategy = new Option<string>("--strategy")
        {
            Description = "How schedules are chosen: random, pct (priorities), or exhaustive (all with at most two preemptions).",
            DefaultValueFactory = _ => "random",
        };
        strategy.AcceptOnlyFromAmong("random", "pct", "exhaustive");
        var breaks = new Option<string?>("--break") { Description = $"A defect to switch on in the production code, or '{Everything}' of them." };
        var assembly = new Option<string?>("--scenarios") { Description = "An assembly with races of your own, instead of GpuSvm's." };
        var json = new Option<bool>("--json") { Description = "Print one JSON document instead of a table." };
        var command = new Command("explore", "Run races on small machines in one order of their threads after another.")
        {
            scenario, schedules, seed, strategy, breaks, assembly, json,
        };
        command.SetAction(async (parsed, _) =>
        {
            string name = parsed.GetRequiredValue(scenario);
            string? from = parsed.GetValue(assembly);
            if (name == List)
            {
                return PrintList(ScenarioAssembly.Scenarios(from), parsed.GetValue(json));
            }

            if (name == Points)
            {
                int each = IsGiven(parsed, schedules) ? parsed.GetValue(schedules) : SchedulesForPoints;
                return Print(await PointsProcess.RunAsync(parsed.GetValue(seed), each).ConfigureAwait(false), parsed.GetValue(json));
            }

            var options = new SearchOptions(
                Enum.Parse<SearchStrategy>(parsed.GetRequiredValue(strategy), ignoreCase: true),
                parsed.GetValue(seed),
                Stride: 1,
                parsed.GetValue(schedules));
            if (name == Review)
            {
                if (from is not null || parsed.GetValue(breaks) is not null)
                {
                    throw new BadInputException($"{Review}: has scenarios of its own, and no breaks");
                }

                return Print(
                    await ReviewExploration.RunAsync(options with
                    {
                        Strategy = IsGiven(parsed, strategy) ? options.Strategy : SearchStrategy.Pct,
                        Schedules = IsGiven(parsed, schedules) ? options.Schedules : ReviewExploration.Schedules,
                    }).ConfigureAwait(false),
                    parsed.GetValue(json));
            }

            IReadOnlyList<string> scenarios = ChooseScenarios(name, from);
            IReadOnlyList<ExploreRow> rows = parsed.GetValue(breaks) is { } broken
                ? await Exploration.OfBreaksAsync(Choose("--break", broken, RaceBreaks.Names), scenarios, options, from).ConfigureAwait(false)
                : await Exploration.OfScenariosAsync(scenarios, options, from).ConfigureAwait(false);
            return Print(new ExploreDocument(parsed.GetRequiredValue(strategy), options.FirstSeed, rows), parsed.GetValue(json));
        });
        return command;
    }

    private static IReadOnlyList<string> ChooseScenarios(string name, string? assembly)
    {
        string[] all = [.. ScenarioAssembly.Scenarios(assembly).Select(one => one.Name)];
        string[] onStrategies = [.. ScenarioAssembly.Named(assembly).Select(one => one.Name).Except(all)];
        return name == OnStrategies && assembly is null ? onStrategies
            : onStrategies.Contains(name) ? [name]
            : Choose("SCENARIO", name, all);
    }

    private static bool IsGiven(ParseResult parsed, Option option) => parsed.GetResult(option) is { Implicit: false };

    private static IReadOnlyList<string> Choose(string what, string name, IReadOnlyList<string> all) =>
        name == Everything ? all :
        all.Contains(name) ? [name] :
        throw new BadInputException($"{what} {name}: is unknown, expected {Everything} or one of {string.Join(", ", all)}");

    private static int PrintList(IReadOnlyList<IRaceScenario> scenarios, bool isJson)
    {
        if (isJson)
        {
            JsonOutput.Write(new ExploreList([.. scenarios.Select(scenario => scenario.Name)], RaceBreaks.Names));
        }
        else
        {
            TextOutput.Write(scenarios);
        }

        return ExitCodes.Success;
    }

    private static int Print(ReviewDocument document, bool isJson)
    {
        if (isJson)
        {
            JsonOutput.Write(document);
        }
        else
        {
            TextOutput.Write(document);
        }

        return document.Holds ? ExitCodes.Success : ExitCodes.Failure;
    }

    private static int Print(PointsDocument document, bool isJson)
    {
        if (isJson)
        {
            JsonOutput.Write(document);
        }
        else
        {
            TextOutput.Write(document);
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
