using System.Globalization;
using GpuSvm.Cli.Bench.Mirrors;
using Spectre.Console;

namespace GpuSvm.Cli.Output;

/// <content>What mirror strategies cost.</content>
internal static partial class TextOutput
{
    private const int ChartWidth = 100;

    /// <summary>Prints what each work cost, a chart of it, and what look-ups cost.</summary>
    public static void Write(MirrorDocument document)
    {
        Table table = NewTable(
            "work", "strategy", "faults/s", "ns/fault", "ns/change", "changes", "callbacks", "in vain", "notifiers", "afterwards", "bytes");
        string last = "";
        foreach (MirrorRow row in document.Mirror)
        {
            bool hasChanges = row.Changes > 0;
            table.AddRow(
                row.Work == last ? "" : row.Work,
                row.Strategy,
                Whole(row.FaultsPerS),
                Number(row.NsPerFault),
                Number(row.NsPerChange),
                hasChanges ? Whole(row.Changes) : "",
                hasChanges ? Whole(row.Callbacks) : "",
                hasChanges ? Whole(row.CallbacksInVain) : "",
                Whole(row.Notifiers),
                hasChanges ? Whole(row.NotifiersAfter) : "",
                Whole(row.BookkeepingBytes));
            last = row.Work;
        }

        Write(table);
        WriteChart(document.Mirror);
        Table lookups = NewTable("strategy", "intervals", "threads", "ns/look-up", "look-ups/s");
        foreach (LookupRow row in document.Lookups)
        {
            lookups.AddRow(row.Strategy, Whole(row.Intervals), Whole(row.Threads), Number(row.NsPerLookup), Whole(row.LookupsPerS));
        }

        Write(lookups);
    }

    private static void WriteChart(IReadOnlyList<MirrorRow> rows)
    {
        if (Console.IsOutputRedirected)
        {
            AnsiConsole.Profile.Capabilities.ColorSystem = ColorSystem.NoColors;
            AnsiConsole.Profile.Capabilities.Ansi = false;
        }

        var colors = new Dictionary<string, Color>();
        BarChart chart = new BarChart().Width(ChartWidth).Label("faults a second, in % of the fastest strategy of each work").LeftAlignLabel();
        foreach (IGrouping<string, MirrorRow> work in rows.GroupBy(row => row.Work))
        {
            double most = work.Max(row => row.FaultsPerS);
            foreach (MirrorRow row in work)
            {
                colors.TryAdd(row.Strategy, colors.Count switch { 0 => Color.Blue, 1 => Color.Green, _ => Color.Yellow });
                chart.AddItem($"{row.Work}, {row.Strategy}", Math.Round(100 * row.FaultsPerS / most), colors[row.Strategy]);
            }
        }

        AnsiConsole.Write(chart);
    }

    private static string Whole(double value) => value.ToString("n0", CultureInfo.InvariantCulture);
}
