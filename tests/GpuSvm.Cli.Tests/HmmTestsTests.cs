using System.Text.Json;

namespace GpuSvm.Cli.Tests;

/// <summary><c>gpusvm hmm-tests</c>.</summary>
public sealed class HmmTestsTests
{
    [Fact]
    public async Task A_test_has_a_line_for_each_kind_of_memory_and_the_last_line_counts_them()
    {
        ToolResult result = await Tool.RunAsync("hmm-tests", "open_close");

        Assert.Equal(
            (0, "passed  private   open_close\npassed  coherent  open_close\n2 passed, 0 failed\n", ""),
            (result.ExitCode, result.Output, result.Error));
    }

    [Fact]
    public async Task A_test_that_fails_says_why_and_the_exit_code_is_1()
    {
        ToolResult result = await Tool.RunWithAsync("GPUSVM_BREAK=migrate-noop", "hmm-tests", "migrate", "--kind", "coherent");

        Assert.Equal((1, ""), (result.ExitCode, result.Error));
        Assert.Equal(
            "FAILED  coherent  migrate: where page 0 is: expected FirstDevice, is System\n0 passed, 1 failed\n", result.Output);
    }

    [Fact]
    public async Task The_list_names_every_test_and_runs_none()
    {
        ToolResult result = await Tool.RunAsync("hmm-tests", "--list");

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Contains("\nanon_read ", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("passed", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_document_has_every_result()
    {
        JsonElement document = await Tool.RunJsonAsync("hmm-tests", "open_close", "--kind", "private", "--seed", "7");

        Assert.Equal(
            (7, 1, 0, "open_close", "private"),
            (document.GetProperty("seed").GetInt32(),
                document.GetProperty("passed").GetInt32(),
                document.GetProperty("failed").GetInt32(),
                document.GetProperty("results")[0].GetProperty("name").GetString(),
                document.GetProperty("results")[0].GetProperty("kind").GetString()));
        JsonElement list = await Tool.RunJsonAsync("hmm-tests", "open_close", "--list");
        Assert.Equal("open_close", Assert.Single(list.GetProperty("tests").EnumerateArray()).GetProperty("name").GetString());
    }

    [Theory]
    [InlineData("hmm-tests anon_reed", "NAME anon_reed: is unknown, expected one of open_close, anon_read, ")]
    [InlineData("hmm-tests --kind shared", "Argument 'shared' not recognized. Must be one of:")]
    public async Task A_test_that_is_not_there_is_refused(string commandLine, string expected)
    {
        ToolResult result = await Tool.RunAsync(commandLine.Split(' '));

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.StartsWith($"gpusvm: {expected}", result.Error, StringComparison.Ordinal);
        Assert.Equal(1, result.Error.Count(character => character == '\n'));
    }
}
