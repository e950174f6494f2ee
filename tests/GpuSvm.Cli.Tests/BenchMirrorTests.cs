using System.Text.Json;

namespace GpuSvm.Cli.Tests;

/// <summary><c>gpusvm bench mirror</c>: the same work for every strategy. Counts are exact; how large times are is the machine's affair.</summary>
public sealed class BenchMirrorTests
{
    private static readonly string[] Strategies = ["per-fault", "vma-sized", "table-aligned", "sized-ranges"];

    private static readonly string[] Works =
    [
        "one mapping, dense", "one mapping, sparse", "many mappings", "one mapping, holes", "changes beside", "fork", "1 GPU thread",
        "3 GPU threads",
    ];

    [Fact]
    public async Task Each_strategy_does_each_work_and_the_counts_are_those_of_its_nature()
    {
        JsonElement document = await Tool.RunJsonAsync("bench", "mirror", "--size", "16", "--repetitions", "1", "--threads", "1,3");
        JsonElement[] rows = [.. document.GetProperty("mirror").EnumerateArray()];

        Assert.Equal(
            Works.SelectMany(_ => Strategies, (work, strategy) => (work, strategy)),
            rows.Select(row => (row.GetProperty("work").GetString()!, row.GetProperty("strategy").GetString()!)));
        Assert.All(rows, row => Assert.True(row.GetProperty("ns_per_fault").GetDouble() > 0));
        Assert.Equal(
            [(16, 16, 0, 16, 0), (16, 16, 0, 1, 1), (16, 16, 0, 1, 1)], Counts(rows, "many mappings", "vma-sized", "per-fault", "sized-ranges"));
        Assert.Equal([(8, 8, 0, 1, 8), (8, 8, 0, 1, 1)], Counts(rows, "one mapping, holes", "vma-sized", "table-aligned"));
        Assert.Equal(
            [(16, 16, 16, 1, 1), (16, 0, 0, 1, 1), (16, 16, 16, 1, 1)],
            Counts(rows, "changes beside", "per-fault", "vma-sized", "table-aligned"));
        Assert.Equal([(16, 16, 0, 16, 16), (16, 16, 0, 1, 1)], Counts(rows, "fork", "vma-sized", "table-aligned"));
        Assert.Equal(
            Strategies.SelectMany(_ => new[] { (1, 1), (100, 1), (100, 3) }, (strategy, at) => (strategy, at.Item1, at.Item2)),
            document.GetProperty("lookups").EnumerateArray().Select(row =>
                (row.GetProperty("strategy").GetString()!, row.GetProperty("intervals").GetInt32(), row.GetProperty("threads").GetInt32())));
    }

    [Fact]
    public async Task For_people_it_is_tables_and_a_chart_without_colors_where_nobody_looks()
    {
        ToolResult result = await Tool.RunAsync("bench", "mirror", "--size", "8", "--repetitions", "1", "--threads", "2");

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Contains("faults a second, in % of the fastest strategy of each work", result.Output, StringComparison.Ordinal);
        Assert.Contains("2 GPU threads, table-aligned", result.Output, StringComparison.Ordinal);
        Assert.Contains("ns/look-up", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--threads 1,0", "--threads 1,0: expected different whole numbers from 1 to 64")]
    [InlineData("--threads 65", "--threads 65")]
    [InlineData("--threads 2,2", "--threads 2,2")]
    [InlineData("--size 7", "--size 7: expected a whole number from 8 to 100000")]
    public async Task Options_out_of_range_are_refused_with_one_line(string options, string words)
    {
        ToolResult result = await Tool.RunAsync(["bench", "mirror", .. options.Split(' ')]);

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Matches("^gpusvm: [^\n]*\n$", result.Error);
        Assert.Contains(words, result.Error, StringComparison.Ordinal);
    }

    private static IEnumerable<(int Changes, int Callbacks, int InVain, int Notifiers, int Afterwards)> Counts(
        JsonElement[] rows, string work, params string[] strategies) =>
        strategies.Select(strategy => rows.Single(row =>
                row.GetProperty("work").GetString() == work && row.GetProperty("strategy").GetString() == strategy))
            .Select(row => (
                row.GetProperty("changes").GetInt32(),
                row.GetProperty("callbacks").GetInt32(),
                row.GetProperty("callbacks_in_vain").GetInt32(),
                row.GetProperty("notifiers").GetInt32(),
                row.GetProperty("notifiers_after").GetInt32()));
}
