using System.Text.Json;

namespace GpuSvm.Cli.Tests;

/// <summary><c>gpusvm bench live</c>: what it lists. How large the figures are is the machine's affair.</summary>
public sealed class BenchLiveTests
{
    private static readonly string[] Names =
    [
        "live.cpu_fault_4k", "live.c_handler_fault_4k", "live.cpu_fault_ratio", "live.to_device_2m", "live.c_to_device_2m",
        "live.to_device_speed", "live.home_2m", "live.c_home_2m", "live.home_speed", "live.there_and_back_speed", "live.cpu_wp_fault",
        "live.gpu_fault", "live.launch", "live.map_unmap",
    ];

    private static readonly string[] NeedCompiler =
    [
        "live.c_handler_fault_4k", "live.cpu_fault_ratio", "live.c_to_device_2m", "live.to_device_speed", "live.c_home_2m", "live.home_speed",
        "live.there_and_back_speed",
    ];

    private static readonly string[] Ratios = ["live.cpu_fault_ratio", "live.to_device_speed", "live.home_speed", "live.there_and_back_speed"];

    [LiveFact]
    public async Task Every_row_has_figures_or_says_in_a_word_why_not()
    {
        JsonElement[] rows = [.. (await Tool.RunJsonAsync("bench", "live", "--repetitions", "2")).GetProperty("bench").EnumerateArray()];

        Assert.Equal(Names, rows.Select(row => row.GetProperty("name").GetString()));
        Assert.All(rows, row => Assert.Equal(
            Ratios.Contains(row.GetProperty("name").GetString()) ? "x" : "ns", row.GetProperty("unit").GetString()));
        Assert.All(rows, row => Assert.True(HasFigures(row) || SaysWhyNot(row), row.GetRawText()));
    }

    [LiveFact]
    public async Task Without_a_compiler_the_rows_that_need_it_say_so()
    {
        // The one folder that is searched for programs is not there.
        ToolResult result = await Tool.RunWithAsync("PATH=/no/such/folder", "bench", "live", "--repetitions", "1", "--json");

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        IEnumerable<JsonElement> rows = JsonDocument.Parse(result.Output).RootElement.GetProperty("bench").EnumerateArray();
        Assert.Equal(
            NeedCompiler,
            rows.Where(row => row.TryGetProperty("skipped", out JsonElement why) && why.GetString() == "no gcc")
                .Select(row => row.GetProperty("name").GetString()));
        Assert.All(rows.Where(row => !row.TryGetProperty("skipped", out _)), row => Assert.True(HasFigures(row), row.GetRawText()));
    }

    [Theory]
    [InlineData("--repetitions 0", "--repetitions is 0, expected 1 to 1000")]
    [InlineData("--repetitions 1001", "--repetitions is 1001, expected 1 to 1000")]
    [InlineData("--cpus three", "three")]
    public async Task Options_out_of_range_are_refused_with_one_line(string options, string words)
    {
        ToolResult result = await Tool.RunAsync(["bench", "live", .. options.Split(' ')]);

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.Matches("^gpusvm: [^\n]*\n$", result.Error);
        Assert.Contains(words, result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_userfaultfd_one_line_says_so()
    {
        ToolResult result = await Tool.RunWithoutUserfaultAsync("bench", "live");

        Assert.Equal((3, ""), (result.ExitCode, result.Output));
        Assert.Matches("^gpusvm: [^\n]*GPUSVM_NO_USERFAULTFD[^\n]*\n$", result.Error);
    }

    private static bool HasFigures(JsonElement row)
    {
        double min = row.GetProperty("min").GetDouble();
        double median = row.GetProperty("median").GetDouble();
        double max = row.GetProperty("max").GetDouble();
        return min > 0 && min <= max && median > 0 && !row.TryGetProperty("skipped", out _);
    }

    private static bool SaysWhyNot(JsonElement row) =>
        NeedCompiler.Contains(row.GetProperty("name").GetString()) && row.GetProperty("skipped").GetString() is "no gcc" or "gcc fails";
}
