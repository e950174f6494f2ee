using System.Globalization;
using GpuSvm.Cli.Explore;
using GpuSvm.Scenarios;
using Spectre.Console;

namespace GpuSvm.Cli.Output;

/// <content>What an exploration tells.</content>
internal static partial class TextOutput
{
    /// <summary>Prints what there is to explore.</summary>
    public static void Write(IReadOnlyList<IRaceScenario> scenarios)
    {
        int width = scenarios.Max(scenario => scenario.Name.Length);
        foreach (IRaceScenario scenario in scenarios)
        {
            Console.Out.WriteLine($"{scenario.Name.PadRight(width)}  {scenario.Description}");
        }

        Console.Out.WriteLine();
        Console.Out.WriteLine("breaks: " + string.Join(", ", RaceScenarios.Breaks));
    }

    /// <summary>Prints a table, and for each failure the shortest schedule that shows it.</summary>
    public static void Write(ExploreDocument document)
    {
        Table table = NewTable("scenario", "break", "schedules", "distinct", "steps", "schedules/s", "result");
        foreach (ExploreRow row in document.Results)
        {
            table.AddRow(
                row.Break is not null && row.Failure is null ? "(any)" : row.Scenario,
                row.Break ?? "",
                row.Schedules.ToString("n0", CultureInfo.InvariantCulture),
                row.Distinct.ToString("n0", CultureInfo.InvariantCulture),
                row.StepsPerSchedule.ToString("n0", CultureInfo.InvariantCulture),
                row.SchedulesPerSecond.ToString("n0", CultureInfo.InvariantCulture),
                row.Failure is { } failure ? $"FAILED: {failure.Kind}" : row.Break is null ? "clean" : "NOT FOUND");
        }

        Write(table);
        foreach (ExploreRow row in document.Results.Where(row => row.Failure is not null))
        {
            Console.Out.WriteLine();
            Console.Out.WriteLine($"{row.Scenario}: {Repeat(row, document.Strategy)}");
            foreach (string line in row.Failure!.Interleaving)
            {
                Console.Out.WriteLine($"  {line}");
            }
        }
    }

    private static string Repeat(ExploreRow row, string strategy)
    {
        string breaks = row.Break is null ? "" : $" --break {row.Break}";
        string number = string.Create(CultureInfo.InvariantCulture, $"{row.Failure!.Seed}");
        string which = strategy == "exhaustive" ? $"--schedules {number}" : $"--seed {number} --schedules 1";
        return $"gpusvm explore {row.Scenario}{breaks} --strategy {strategy} {which}";
    }
}
