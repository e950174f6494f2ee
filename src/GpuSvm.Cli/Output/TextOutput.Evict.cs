using System.Globalization;
using GpuSvm.Cli.Bench.Evict;
using Spectre.Console;

namespace GpuSvm.Cli.Output;

/// <content>What policies of eviction did.</content>
internal static partial class TextOutput
{
    /// <summary>Prints what each policy did with each workload.</summary>
    public static void Write(EvictDocument document)
    {
        Table table = NewTable("workload", "working set", "policy", "uses", "faults", "evictions", "last pass / excess", "of the optimum");
        (string Workload, int Percent) last = default;
        foreach (EvictRow row in document.Evict)
        {
            bool isSame = (row.Workload, row.Percent) == last;
            table.AddRow(
                isSame ? "" : row.Workload,
                isSame ? "" : string.Create(CultureInfo.InvariantCulture, $"{row.Percent} %"),
                row.Policy,
                Whole(row.Uses),
                Whole(row.Faults),
                Whole(row.Evictions),
                Ratio(row.PerPass),
                Ratio(row.OfOptimum));
            last = (row.Workload, row.Percent);
        }

        Write(table);
    }

    private static string Ratio(double? value) => value is { } ratio ? ratio.ToString("0.00", CultureInfo.InvariantCulture) : "";
}
