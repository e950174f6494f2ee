using System.CommandLine;
using System.IO.Enumeration;
using GpuSvm.Cli.Options;
using GpuSvm.Cli.Output;
using GpuSvm.Driver;
using GpuSvm.SvmTests;

namespace GpuSvm.Cli.SvmTesting;

/// <summary><c>gpusvm svm-tests</c>: runs the tests that IGT has for shared virtual memory of GPUs.</summary>
internal static class SvmTestsVerb
{
    private const int Schedules = 10;

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var filter = new Argument<string>("FILTER")
        {
            Description = "A test, or a pattern with *; all unless told.",
            DefaultValueFactory = _ => "*",
        };
        var list = new Option<bool>("--list") { Description = "Name the tests, and do nothing else." };
        var strategy = new Option<string>("--strategy")
        {
            Description = $"How the mirror follows the address space: {string.Join(", ", Strategies)}; the driver's own choice unless told.",
            DefaultValueFactory = _ => new SvmTestOptions().Strategy,
        };
        strategy.AcceptOnlyFromAmong([.. Strategies]);
        var placement = new Option<string>("--placement")
        {
            Description = $"Where pages live once the GPU has touched them: {string.Join(", ", Placements)}; for {SvmTestOptions.Ranges}.",
            DefaultValueFactory = _ => Placements[0],
        };
        placement.AcceptOnlyFromAmong(Placements);
        Option<int> schedules = NumberOption.Create(
            "--schedules", "Schedules that the explorer runs of each race; 0 for real threads alone.", Schedules, 0, 1_000_000);
        Option<ulong> seed = NumberOption.Create("--seed", "Where all chance comes from.", 1UL, 0UL, ulong.MaxValue);
        var json = new Option<bool>("--json") { Description = "Print one JSON document instead of text." };
        var command = new Command("svm-tests", "Run IGT's tests of shared virtual memory for GPUs on simulated machines.")
        {
            filter, list, strategy, placement, schedules, seed, json,
        };
        command.SetAction(async (parsed, _) =>
        {
            IReadOnlyList<SvmTest> tests = Choose(parsed.GetRequiredValue(filter));
            bool isJson = parsed.GetValue(json);
            if (parsed.GetValue(list))
            {
                PrintList(tests, isJson);
                return ExitCodes.Success;
            }

            var options = new SvmTestOptions
            {
                Seed = parsed.GetValue(seed),
                Strategy = parsed.GetRequiredValue(strategy),
                Placement = Enum.Parse<SvmResidency>(parsed.GetRequiredValue(placement), ignoreCase: true),
            };
            Demand(options);
            var run = new SvmTestsRun(tests, options, isJson ? static _ => { } : TextOutput.Write);
            return Print(await run.RunAsync(parsed.GetValue(schedules)).ConfigureAwait(false), isJson);
        });
        return command;
    }

    private static string[] Placements => [.. Enum.GetNames<SvmResidency>().Select(name => name.ToLowerInvariant())];

    private static IEnumerable<string> Strategies => MirrorStrategies.All.Select(one => one.Key);

    private static void Demand(SvmTestOptions options)
    {
        if (options.Placement != SvmResidency.System && options.Strategy != SvmTestOptions.Ranges)
        {
            throw new BadInputException($"--placement: pages move by themselves with --strategy {SvmTestOptions.Ranges} only");
        }
    }

    private static SvmTest[] Choose(string filter)
    {
        SvmTest[] found = [.. SvmTestSuite.All.Where(test => FileSystemName.MatchesSimpleExpression(filter, test.Name, ignoreCase: false))];
        return found.Length > 0 ? found : throw new BadInputException($"FILTER {filter}: matches no test (see 'gpusvm svm-tests --list')");
    }

    private static void PrintList(IReadOnlyList<SvmTest> tests, bool isJson)
    {
        if (isJson)
        {
            JsonOutput.Write(new SvmTestsList([.. tests.Select(test => new SvmTestsListRow(test.Name, test.Summary, test.IsRace))]));
        }
        else
        {
            TextOutput.Write(tests);
        }
    }

    private static int Print(SvmTestsDocument document, bool isJson)
    {
        if (isJson)
        {
            JsonOutput.Write(document);
        }
        else
        {
            TextOutput.Write(document);
        }

        return document.Failed == 0 ? ExitCodes.Success : ExitCodes.Failure;
    }
}
