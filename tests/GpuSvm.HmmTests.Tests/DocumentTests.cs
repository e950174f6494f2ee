using System.Text.RegularExpressions;

namespace GpuSvm.HmmTests.Tests;

/// <summary>docs/hmm-tests.md tells of every test, and of no other.</summary>
public sealed partial class DocumentTests
{
    private static readonly string[] LeftOut = ["mixedmap", "hmm_gup_test", "anon_write_hugetlbfs", "compound", "benchmark_thp_migration"];

    [Fact]
    public void Every_test_has_a_row_in_the_order_of_the_suite_and_those_left_out_come_last()
    {
        string[] rows = [.. RowName().Matches(File.ReadAllText(Path.Combine(Root(), "docs", "hmm-tests.md"))).Select(row => row.Groups["name"].Value)];

        Assert.Equal([.. HmmTestSuite.All.Select(test => test.Name), .. LeftOut], rows);
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

    [GeneratedRegex(@"^\| `(?<name>\w+)` \|", RegexOptions.Multiline, 1000)]
    private static partial Regex RowName();
}
