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
        Console.Out.WriteLine("breaks: " + string.Join(", ", RaceBreaks.Names));
    }

    /// <summary>Prints a line for each schedule point.</summary>
    public static void Write(PointsDocument document)
    {
        foreach (PointRow row in document.Points)
        {
            Console.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{(row.IsReached ? "reached" : "-"),-7}  {row.File}:{row.Line}  {row.Method}  {row.Point}"));
        }

        Console.Out.WriteLine();
        Console.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{document.Count} points, {document.ReachedCount} of them reached; docs/schedule-points.md says why not the others"));
    }

    /// <summary>Prints a table, and for each failure the shortest schedule that shows it.</summary>
    public static void Write(ExploreDocument document)
    {
        Table table = NewTable("scenario", "break", "schedules", "distinct", "steps", "schedules/s", "hash", "result");
        foreach (ExploreRow row in document.Results)
        {
            table.AddRow(
                row.Break is not null && row.Failure is null ? "(any)" : row.Scenario,
                row.Break ?? "",
                row.Schedules.ToString("n0", CultureInfo.InvariantCulture),
                row.Distinct.ToString("n0", CultureInfo.InvariantCulture),
                row.StepsPerSchedule.ToString("n0", CultureInfo.InvariantCulture),
                row.SchedulesPerSecond.ToString("n0", CultureInfo.InvariantCulture),
                row.Hash,
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

    /// <summary>Prints for each point of a review what is wrong, the shortest schedule that shows it, and how the repaired code did.</summary>
    public static void Write(ReviewDocument document)
    {
        foreach (ReviewRow row in document.Points)
        {
            Console.Out.WriteLine($"{row.Id}  {row.Point}");
            Console.Out.WriteLine();
            WritePosted(row);
            Console.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"  repaired: {row.Repaired.Schedules:n0} schedules, {(row.Repaired.Failure is { } failure ? $"FAILED at seed {failure.Seed}: {failure.Message}" : "clean")}"));
            Console.Out.WriteLine();
        }

        int found = document.Points.Count(row => row.Posted.Failure is not null);
        int clean = document.Points.Count(row => row.Repaired.Failure is null);
        Console.Out.WriteLine($"{found} of {document.Points.Count} defects found; {clean} of {document.Points.Count} repaired and clean on the same seeds.");
    }

    private static void WritePosted(ReviewRow row)
    {
        if (row.Posted.Failure is not { } failure)
        {
            Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  as posted: NOT FOUND in {row.Posted.Schedules:n0} schedules"));
            return;
        }

        foreach (string line in failure.Interleaving)
        {
            Console.Out.WriteLine($"    {line}");
        }

        Console.Out.WriteLine();
        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  as posted: fails at seed {failure.Seed}"));
    }

    private static string Repeat(ExploreRow row, string strategy)
    {
        string breaks = row.Break is null ? "" : $" --break {row.Break}";
        string number = string.Create(CultureInfo.InvariantCulture, $"{row.Failure!.Seed}");
        string which = strategy == "exhaustive" ? $"--schedules {number}" : $"--seed {number} --schedules 1";
        return $"gpusvm explore {row.Scenario}{breaks} --strategy {strategy} {which}";
    }
}
