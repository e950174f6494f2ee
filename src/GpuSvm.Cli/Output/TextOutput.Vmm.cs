using System.Globalization;
using GpuSvm.Cli.Vmm.Output;
using GpuSvm.Mmu;
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

    /// <summary>Prints a row for each format.</summary>
    public static void Write(IReadOnlyList<FormatSheet> sheets)
    {
        Table table = NewTextTable("format", "address bits", "tables", "pages");
        foreach (FormatSheet sheet in sheets)
        {
            table.AddRow(
                sheet.Name,
                sheet.AddressBits.ToString(CultureInfo.InvariantCulture),
                string.Join(" ", sheet.Levels.Select(level => level.Table)),
                sheet.Pages);
        }

        Write(table);
    }

    /// <summary>Prints the tables and the bit fields of a format.</summary>
    public static void Write(FormatSheet sheet)
    {
        Console.Out.WriteLine($"{sheet.Name}: virtual addresses of {sheet.AddressBits} bits");
        Table levels = NewTextTable("table", "index bits", "entries", "entry", "table size", "an entry covers", "an entry can be");
        foreach (LevelRow level in sheet.Levels)
        {
            levels.AddRow(
                level.Table,
                level.IndexBits,
                level.Layout.EntryCount.ToString(CultureInfo.InvariantCulture),
                FormatText.Size((ulong)level.Layout.EntrySizeBytes),
                FormatText.Size((ulong)level.Layout.SizeBytes),
                FormatText.Size(level.Layout.EntryCoverage),
                level.UsesText);
        }

        Write(levels);
        foreach (EntryLayout entry in sheet.Entries)
        {
            Console.Out.WriteLine(entry.Name);
            Table fields = NewTextTable("bits", "field", "says");
            foreach (EntryField field in entry.Fields)
            {
                BitField bits = field.Bits;
                fields.AddRow(bits.High == bits.Low ? $"{bits.Low}" : $"{bits.High}:{bits.Low}", field.Name, field.Meaning);
            }

            Write(fields);
        }
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
