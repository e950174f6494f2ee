using System.Text.Json;

namespace GpuSvm.SvmTests.Tests;

/// <summary>Every race of the matrix stands, beside its run on real threads, a number of schedules under the explorer.</summary>
public sealed class RaceTests
{
    private const int Schedules = 5;

    [Theory]
    [InlineData("table-aligned", "system")]
    [InlineData("sized-ranges", "device")]
    public async Task Every_race_passes_and_stands_its_schedules(string strategy, string placement)
    {
        ToolResult result = await Tool.RunAsync(
            "svm-tests", "*-race*", "--strategy", strategy, "--placement", placement, "--schedules", $"{Schedules}", "--json");

        JsonElement[] rows = [.. JsonDocument.Parse(result.Output).RootElement.GetProperty("results").EnumerateArray()];
        Assert.Equal([], rows.Where(row => row.TryGetProperty("failure", out _)).Select(row => row.GetRawText()));
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        JsonElement[] explored = [.. rows.Where(row => row.TryGetProperty("schedules", out _))];
        Assert.Equal(SvmTestSuite.All.Count(test => test.IsRace), explored.Length);
        Assert.All(explored, row => Assert.Equal(Schedules, row.GetProperty("schedules").GetInt32()));
    }
}
