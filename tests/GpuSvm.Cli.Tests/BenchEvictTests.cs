using System.Text.Json;

namespace GpuSvm.Cli.Tests;

/// <summary><c>gpusvm bench evict</c>: the same work for every policy. Nothing in it is a time, so it is the same everywhere.</summary>
public sealed class BenchEvictTests
{
    [Fact]
    public async Task Each_policy_does_each_work_and_the_default_stays_near_the_optimum()
    {
        JsonElement document = await Tool.RunJsonAsync("bench", "evict", "--blocks", "64", "--passes", "4");
        JsonElement[] rows = [.. document.GetProperty("evict").EnumerateArray()];
        Assert.Equal(3 * 4 * 4, rows.Length);
        JsonElement[] stream = [.. rows.Where(row => (row.GetProperty("workload").GetString(), row.GetProperty("percent").GetInt32()) == ("triad", 125))];
        Assert.Equal(
            ["scan-resistant", "least recent use", "allocation age", "optimum"], stream.Select(row => row.GetProperty("policy").GetString()));
        Assert.All(rows, row => Assert.Equal(row.GetProperty("faults").GetInt64() - 64, row.GetProperty("evictions").GetInt64()));
        Assert.InRange(stream[0].GetProperty("per_pass").GetDouble(), 1, 2);
        Assert.InRange(stream[1].GetProperty("per_pass").GetDouble(), 5, 6);
        Assert.Equal(stream[1].GetProperty("evictions").GetInt64(), stream[2].GetProperty("evictions").GetInt64());
        Assert.All(
            rows.Where(row => row.TryGetProperty("of_optimum", out JsonElement ratio) && ratio.ValueKind == JsonValueKind.Number),
            row => Assert.True(row.GetProperty("of_optimum").GetDouble() >= 1));
    }

    [Fact]
    public async Task For_people_it_is_a_table()
    {
        ToolResult result = await Tool.RunAsync("bench", "evict", "--blocks", "32", "--passes", "2");
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Contains("last pass / excess", result.Output, StringComparison.Ordinal);
        Assert.Contains("scan-resistant", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Options_out_of_range_are_refused_with_one_line()
    {
        ToolResult result = await Tool.RunAsync("bench", "evict", "--blocks", "31");
        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Matches("^gpusvm: --blocks 31: expected a whole number from 32 to 4096[^\n]*\n$", result.Error);
    }
}
