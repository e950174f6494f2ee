using System.Globalization;
using GpuSvm.Cli.Vmm.Output;
using Spectre.Console;

namespace GpuSvm.Cli.Output;

/// <content>Page tables.</content>
internal static partial class TextOutput
{
    /// <summary>Prints what an address translates to, and a row for each entry on the way.</summary>
    public static void Write(VirtualAddress address, string result, IReadOnlyList<WalkStep> steps)
    {
        Console.Out.WriteLine($"0x{address.Value:x}: {result}");
        Table table = NewTextTable("table", "at", "index", "entry", "says");
        foreach (WalkStep step in steps)
        {
            table.AddRow(
                step.Table, $"0x{step.TableAddress:x}", step.Index.ToString(CultureInfo.InvariantCulture), step.Entry, step.Meaning);
        }

        Write(table);
    }

    private static Table NewTextTable(params ReadOnlySpan<string> columns)
    {
        Table table = new Table().Border(TableBorder.Rounded);
        foreach (string column in columns)
        {
            table.AddColumn(new TableColumn(column).NoWrap());
        }

        return table;
    }
}
