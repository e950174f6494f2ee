using GpuSvm.Docs.Tests.Infrastructure;

namespace GpuSvm.Docs.Tests;

/// <summary>docs/glossary.md names types and members that exist.</summary>
public sealed class GlossaryTests
{
    private static readonly IReadOnlyList<string[]> Rows = MarkdownTable.Rows(
        Repository.Read("docs/glossary.md"), "field term", "ours", "source");

    [Fact]
    public void Every_name_of_ours_exists() =>
        Expect.None(Rows.SelectMany(row => MarkdownTable.Names(row[1])).Where(name => !ApiIndex.OfSource.KnowsShort(name)));

    [Fact]
    public void Every_term_has_a_name_of_ours_and_a_source_and_stands_once()
    {
        Assert.DoesNotContain(Rows, row => row.Length != 3 || MarkdownTable.Names(row[1]).Count == 0 || row[2].Length == 0);
        Assert.Equal(Rows.Count, Rows.Select(row => row[0]).Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.True(Rows.Count >= 40, $"{Rows.Count} terms");
    }
}
