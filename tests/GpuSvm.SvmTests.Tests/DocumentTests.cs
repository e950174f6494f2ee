using System.Text.RegularExpressions;

namespace GpuSvm.SvmTests.Tests;

/// <summary>docs/svm-tests.md tells of every wrapper and every section, and of no other.</summary>
public sealed partial class DocumentTests
{
    private static IEnumerable<SvmTest> Matrix => SvmTestSuite.All.Where(test => test.Section.Length > 0);

    [Fact]
    public void Every_wrapper_has_a_row_in_the_order_of_the_suite() =>
        Assert.Equal(Matrix.Select(test => test.Wrapper).Distinct(), Rows("## The wrappers").Select(row => row.Name));

    [Fact]
    public void Every_other_test_has_a_row_in_the_order_of_the_suite() => Assert.Equal(
        SvmTestSuite.All.Except(Matrix).Select(test => test.Name), Rows("## The others").Select(row => row.Name));

    [Fact]
    public void Every_section_has_a_row_and_a_mark_where_it_also_runs_on_memory_that_is_not_filled()
    {
        string[] sections = [.. Matrix.Select(test => test.Section).Distinct()];
        (string Name, bool IsMarked)[] rows = [.. Rows("## The sections")];

        Assert.Equal(sections, rows.Select(row => row.Name).Concat(rows.Where(row => row.IsMarked).Select(row => $"{row.Name}-nomemset")));
    }

    private static IEnumerable<(string Name, bool IsMarked)> Rows(string heading)
    {
        string text = File.ReadAllText(Path.Combine(Root(), "docs", "svm-tests.md"));
        string[] parts = text.Split("\n## ");
        string part = parts.Single(one => one.StartsWith(heading[3..], StringComparison.Ordinal));
        return RowName().Matches(part).Select(row => (row.Groups["name"].Value, row.Groups["mark"].Success));
    }

    private static string Root()
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "GpuSvm.slnx")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("No GpuSvm.slnx above the test assembly.");
        }

        return folder;
    }

    [GeneratedRegex(@"^\| `(?<name>[\w-]+)`(?<mark> \*n\*)? \|", RegexOptions.Multiline, 1000)]
    private static partial Regex RowName();
}
