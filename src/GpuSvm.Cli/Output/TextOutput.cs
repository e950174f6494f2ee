using System.Globalization;
using GpuSvm.Cli.Bench;
using Spectre.Console;

namespace GpuSvm.Cli.Output;

/// <summary>Prints answers and tables for people.</summary>
internal static partial class TextOutput
{
    private const int RedirectedWidth = 160;

    /// <summary>Prints the answer of a run, whether it is verified, where it ran unless simulated, and what was counted.</summary>
    public static void Write(RunDocument document, IReadOnlyList<string> answer)
    {
        foreach (string line in answer)
        {
            Console.Out.WriteLine(line);
        }

        Console.Out.WriteLine(document.Verified ? "verified: equals a plain CPU computation" : "NOT VERIFIED");
        if (document.Machine is { Kernel: { } kernel, Features: { } features })
        {
            Console.Out.WriteLine($"live on Linux {kernel}: {string.Join(", ", features)}");
        }

        if (document.Trace is { } trace)
        {
            Console.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"trace {trace.Path}: {trace.Events:n0} events, {trace.Dropped:n0} dropped"));
        }

        if (document.Ranges is { } ranges)
        {
            WriteRanges(document.Residency!, ranges);
        }
        else
        {
            WriteCounters(document);
        }
    }

    private static void WriteCounters(RunDocument document)
    {
        MachineCounters counters = document.Counters;
        Table table = NewTable("counter", "value");
        AddCount(table, "faults", counters.Faults);
        AddCount(table, "duplicates", counters.Duplicates);
        AddCount(table, "replays", counters.Replays);
        AddCount(table, "cancels", counters.Cancels);
        AddCount(table, "pages mapped", counters.PagesMapped);
        AddCount(table, "TLB hits", counters.TlbHits);
        AddCount(table, "TLB misses", counters.TlbMisses);
        AddCount(table, "walks", counters.Walks);
        AddCount(table, "invalidations", counters.Invalidations);
        if (document.Residency is { } residency)
        {
            AddMigration(table, counters.Migration, residency);
        }

        table.AddRow("time", string.Create(CultureInfo.InvariantCulture, $"{document.ElapsedMs:n1} ms"));
        Write(table);
    }

    /// <summary>Prints measurements.</summary>
    public static void Write(IReadOnlyList<Measurement> measurements)
    {
        bool hasDigests = measurements.Any(measured => measured.Digest is not null);
        Table table = NewTable("benchmark", ["median", "min", "max", "unit", "allocated", .. hasDigests ? ["digest"] : (string[])[]]);
        foreach (Measurement measured in measurements)
        {
            string[] cells =
            [
                measured.Name,
                measured.Skipped ?? Number(measured.Median),
                Number(measured.Min),
                Number(measured.Max),
                measured.Unit,
                measured.AllocatedBytes is { } bytes ? string.Create(CultureInfo.InvariantCulture, $"{bytes:n0} B") : "",
                measured.Digest ?? "",
            ];
            table.AddRow(cells[..table.Columns.Count]);
        }

        Write(table);
    }

    /// <summary>Prints a table in full where nobody's terminal limits its width.</summary>
    private static void Write(Table table)
    {
        if (Console.IsOutputRedirected)
        {
            AnsiConsole.Profile.Width = RedirectedWidth;
        }

        AnsiConsole.Write(table);
    }

    private static string Number(double? value) => value?.ToString(value >= 100 ? "n0" : "n2", CultureInfo.InvariantCulture) ?? "";

    private static Table NewTable(string first, params ReadOnlySpan<string> others)
    {
        Table table = new Table().Border(TableBorder.Rounded).AddColumn(new TableColumn(first).NoWrap());
        foreach (string column in others)
        {
            table.AddColumn(new TableColumn(column).RightAligned().NoWrap());
        }

        return table;
    }

    private static void AddCount(Table table, string name, long value) =>
        table.AddRow(name, value.ToString("n0", CultureInfo.InvariantCulture));
}
