using System.Globalization;
using System.Text.RegularExpressions;
using GpuSvm.Docs.Tests.Infrastructure;

namespace GpuSvm.Docs.Tests;

/// <summary>docs/seed-map.md says of everything in the source documents where it went, and says the truth.</summary>
public sealed partial class SeedMapTests
{
    private static readonly string Text = Repository.Read("docs/seed-map.md");

    private static TraceTable Map => TraceTable.Read(Text, "seed", "what", "our member", "its test", "state");

    [Fact]
    public void Every_name_resolves_and_nothing_waits_for_a_finished_part() =>
        Expect.None(Map.Problems(ApiIndex.OfSource.Knows, TestIndex.OfSource.Contains));

    [Fact]
    public void What_is_done_names_our_member() =>
        Expect.None(Map.Rows.Where(row => row.State == "done" && MarkdownTable.Names(row.Member).Count == 0).Select(row => row.Title));

    [Fact]
    public void No_row_is_missing_and_none_is_there_twice()
    {
        Dictionary<string, int> expected = RowCount().Matches(Text)
            .ToDictionary(match => match.Groups[1].Value, match => int.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture));

        Assert.Equal(["000", "001", "002", "003", "004"], expected.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(expected.OrderBy(seed => seed.Key, StringComparer.Ordinal), Map.Rows
            .CountBy(row => row.Group).OrderBy(seed => seed.Key, StringComparer.Ordinal));
        Expect.None(Map.Rows.GroupBy(row => row.Title).Where(rows => rows.Count() > 1).Select(rows => rows.Key));
    }

    [GeneratedRegex(@"^- `(\d{3})` \((\d+) rows\)", RegexOptions.Multiline)]
    private static partial Regex RowCount();
}
