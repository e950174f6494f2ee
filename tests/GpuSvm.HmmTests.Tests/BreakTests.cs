using System.Text.Json;

namespace GpuSvm.HmmTests.Tests;

/// <summary>A part of the production code that does nothing fails every test that is about it, for devices of both kinds.</summary>
public sealed class BreakTests
{
    [Theory]
    [InlineData("migrate-noop", HmmTestArea.Migration)]
    [InlineData("exclusive-noop", HmmTestArea.Exclusive)]
    public async Task The_tests_of_what_does_nothing_fail_and_the_others_pass(string name, HmmTestArea area)
    {
        ToolResult result = await Tool.RunWithAsync($"GPUSVM_BREAK={name}", "hmm-tests", "--json");

        Assert.Equal((1, ""), (result.ExitCode, result.Error));
        JsonElement results = JsonDocument.Parse(result.Output).RootElement.GetProperty("results");
        Assert.Equal(
            HmmTestSuite.All.SelectMany(test => ((string[])["private", "coherent"]).Select(kind => (test.Name, kind, test.Area == area))),
            results.EnumerateArray().Select(row =>
                (row.GetProperty("name").GetString()!, row.GetProperty("kind").GetString()!, row.TryGetProperty("failure", out _))));
    }
}
