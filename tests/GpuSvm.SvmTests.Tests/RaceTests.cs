using System.Text.Json;

namespace GpuSvm.SvmTests.Tests;

/// <summary>Every race of the matrix stands a number of schedules under the explorer.</summary>
public sealed class RaceTests
{
    private const int Schedules = 10;

    [Fact]
    public async Task Every_race_stands_its_schedules()
    {
        ToolResult result = await Tool.RunAsync(
            "explore", "all", "--scenarios", typeof(SvmTestSuite).Assembly.Location, "--strategy", "pct", "--schedules", $"{Schedules}", "--json");

        JsonElement[] rows = [.. JsonDocument.Parse(result.Output).RootElement.GetProperty("results").EnumerateArray()];
        Assert.Equal([], rows.Where(row => row.TryGetProperty("failure", out _)).Select(row => row.GetRawText()));
        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Equal(
            SvmTestSuite.All.Where(test => test.IsRace).Select(test => test.Name).Order(StringComparer.Ordinal),
            rows.Select(row => row.GetProperty("scenario").GetString()!));
        Assert.All(rows, row => Assert.Equal(Schedules, row.GetProperty("schedules").GetInt32()));
    }
}
