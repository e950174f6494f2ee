using GpuSvm.Docs.Tests.Infrastructure;

namespace GpuSvm.Docs.Tests;

/// <summary>docs/departures.md lists each known defect of the originals, with what we do instead and the test that shows it.</summary>
public sealed class DeparturesTests
{
    private static readonly string Text = Repository.Read("docs/departures.md");

    private static TraceTable Departures => TraceTable.Read(Text, "id", "what the original does", "what GpuSvm does", "its test", "state");

    [Fact]
    public void Every_name_resolves_and_nothing_waits_for_a_finished_part() =>
        Expect.None(Departures.Problems(ApiIndex.OfSource.KnowsShort, TestIndex.OfSource.Contains));

    [Fact]
    public void Every_known_defect_has_exactly_one_row()
    {
        string[] defects = [.. Ids('V', 32), .. Ids('D', 19), .. Ids('G', 14), .. Ids('P', 6)];
        string[] rows = [.. Departures.Rows.Select(row => row.Group).Where(id => !id.StartsWith('X'))];

        Assert.Equal(defects, rows);
    }

    private static IEnumerable<string> Ids(char letter, int count) => Enumerable.Range(1, count).Select(number => $"{letter}{number:00}");
}
