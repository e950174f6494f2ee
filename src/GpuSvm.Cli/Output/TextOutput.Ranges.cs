using System.Globalization;
using GpuSvm.Cli.Runs.Ranges;
using Spectre.Console;

namespace GpuSvm.Cli.Output;

/// <content>Ranges: where they have ended, and what was counted of them.</content>
internal static partial class TextOutput
{
    private static void AddMigration(Table table, MigrationCounters counters, ResidencyDocument residency)
    {
        table.AddEmptyRow();
        AddCount(table, "pages to VRAM by GPU faults", counters.PagesToDeviceByFault);
        AddCount(table, "pages to VRAM by request", counters.PagesToDeviceByRequest);
        AddCount(table, "pages home by CPU faults", counters.PagesHomeByFault);
        AddCount(table, "pages home by eviction", counters.PagesHomeByEviction);
        AddCount(table, "pages home by request", counters.PagesHomeByRequest);
        AddCount(table, "bytes to VRAM", (long)counters.BytesToDevice);
        AddCount(table, "bytes home", (long)counters.BytesHome);
        AddCount(table, "evictions", counters.Evictions);
        AddCount(table, "timeslice refusals", counters.TimesliceRefusals);
        AddCount(table, "ranges made", counters.RangesMade);
        AddCount(table, "ranges removed", counters.RangesRemoved);
        AddCount(table, "peak of pages in VRAM", counters.PeakVideoPages);
        AddCount(table, "pages in VRAM at the end", residency.VideoPages);
        AddCount(table, "pages in system memory at the end", residency.SystemPages);
        table.AddEmptyRow();
    }

    /// <summary>Prints a line with a map for each range. By lines, not as a table: there may be very many.</summary>
    private static void WriteRanges(ResidencyDocument residency, IReadOnlyList<RangeRow> ranges)
    {
        CultureInfo invariant = CultureInfo.InvariantCulture;
        Console.Out.WriteLine(string.Create(
            invariant,
            $"{ranges.Count:n0} ranges: {residency.VideoRanges:n0} in VRAM, {residency.SystemRanges:n0} in system memory, " +
            $"{residency.MixedRanges:n0} mixed, {residency.AbsentRanges:n0} without pages"));
        Console.Out.WriteLine(string.Create(
            invariant, $"all memory: {residency.VideoPages:n0} pages in VRAM, {residency.SystemPages:n0} in system memory"));
        Console.Out.WriteLine();
        IAnsiConsole console = MapConsole();
        console.MarkupLine(
            $"{"range",-14}  {"size",7}  {"VRAM",4}  {"system",6}  {"none",4}  {"mapped",6}  {"place",-6}  map: " +
            $"{Cells("V")} in VRAM, {Cells("s")} in system memory, {Cells("*")} both, {Cells(".")} nowhere");
        foreach (RangeRow row in ranges)
        {
            console.MarkupLine(
                $"{row.Start,-14}  {new ByteSize(row.Bytes).ToString(),7}  {row.VideoPages,4}  {row.SystemPages,6}  {row.AbsentPages,4}  " +
                $"{row.MappedPages,6}  {NameOf(row.Place),-6}  {Cells(RangeMap.Draw(row))}");
        }
    }

    /// <summary>Plain where nobody looks, or where colours are not wanted (NO_COLOR); as wide as the lines are.</summary>
    private static IAnsiConsole MapConsole()
    {
        IAnsiConsole console = AnsiConsole.Console;
        if (Console.IsOutputRedirected)
        {
            console.Profile.Capabilities.ColorSystem = ColorSystem.NoColors;
            console.Profile.Capabilities.Ansi = false;
        }

        console.Profile.Width = RedirectedWidth;
        return console;
    }

    private static string NameOf(string place) => place switch
    {
        RangeRow.Video => "VRAM",
        RangeRow.Absent => "none",
        _ => place,
    };

    /// <summary>Colours letters of a map, equal ones together.</summary>
    private static string Cells(string letters)
    {
        string text = "";
        for (int first = 0, end; first < letters.Length; first = end)
        {
            end = first + 1;
            while (end < letters.Length && letters[end] == letters[first])
            {
                end++;
            }

            text += $"[{ColorOf(letters[first])}]{letters[first..end]}[/]";
        }

        return text;
    }

    private static string ColorOf(char letter) => letter switch
    {
        'V' => "black on green",
        's' => "black on blue",
        '*' => "black on yellow",
        _ => "grey",
    };
}
