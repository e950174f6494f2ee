using System.Text.Json;

namespace GpuSvm.Cli.Tests;

/// <summary><c>gpusvm svm-tests</c>.</summary>
public sealed class SvmTestsTests
{
    [Fact]
    public async Task A_group_of_tests_has_a_line_the_races_another_and_the_last_line_counts_all()
    {
        ToolResult result = await Tool.RunAsync("svm-tests", "once-free*", "--schedules", "2", "--strategy", "sized-ranges", "--placement", "auto");

        Assert.Equal(
            (0, "once: 5 passed, 0 failed\nexplorer: 2 passed, 0 failed\n7 passed, 0 failed\n", ""),
            (result.ExitCode, result.Output, result.Error));
    }

    [Fact]
    public async Task A_test_that_fails_says_why_and_the_exit_code_is_1()
    {
        ToolResult result = await Tool.RunWithAsync("GPUSVM_BREAK=migrate-noop", "svm-tests", "once-malloc*fetch");

        Assert.Equal((1, ""), (result.ExitCode, result.Error));
        Assert.Matches(
            "^FAILED  once-malloc-prefetch: where 1 pages from 0x[0-9a-f]+ on are: expected DevicePrivate, is System\nonce: 0 passed, 1 failed\n0 passed, 1 failed\n$",
            result.Output);
    }

    [Fact]
    public async Task The_list_names_every_test_and_runs_none()
    {
        ToolResult result = await Tool.RunAsync("svm-tests", "--list");

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Contains("\nthreads-shared-vm-many-large-mmap-new-race-nomemset ", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("passed", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_document_has_every_result_and_one_more_for_a_race()
    {
        JsonElement document = await Tool.RunJsonAsync(
            "svm-tests", "twice-mmap-race", "--strategy", "per-fault", "--seed", "7", "--schedules", "3");

        Assert.Equal(
            (7, "per-fault", 2, 0),
            (document.GetProperty("seed").GetInt32(),
                document.GetProperty("runs_on").GetString(),
                document.GetProperty("passed").GetInt32(),
                document.GetProperty("failed").GetInt32()));
        Assert.Equal(
            ["""{"name":"twice-mmap-race"}""", """{"name":"twice-mmap-race-on-per-fault","schedules":3}"""],
            document.GetProperty("results").EnumerateArray().Select(row => JsonSerializer.Serialize(row)));
        JsonElement list = await Tool.RunJsonAsync("svm-tests", "once-malloc", "--list");
        JsonElement test = Assert.Single(list.GetProperty("tests").EnumerateArray());
        Assert.Equal(("once-malloc", false), (test.GetProperty("name").GetString(), test.GetProperty("is_race").GetBoolean()));
    }

    [Theory]
    [InlineData("svm-tests once-mallock", "FILTER once-mallock: matches no test (see 'gpusvm svm-tests --list')")]
    [InlineData("svm-tests --strategy none", "Argument 'none' not recognized. Must be one of:")]
    [InlineData("svm-tests --placement device", "--placement: pages move by themselves with --strategy sized-ranges only")]
    [InlineData("svm-tests --schedules -1", "--schedules -1: expected a whole number from 0 to 1000000")]
    public async Task What_makes_no_sense_is_refused(string commandLine, string expected)
    {
        ToolResult result = await Tool.RunAsync(commandLine.Split(' '));

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
        Assert.StartsWith($"gpusvm: {expected}", result.Error, StringComparison.Ordinal);
        Assert.Equal(1, result.Error.Count(character => character == '\n'));
    }
}
