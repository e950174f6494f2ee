namespace GpuSvm.Cli.Tests;

public sealed class HelpTests
{
    [Fact]
    public async Task The_version_is_one_line()
    {
        ToolResult result = await Tool.RunAsync("--version");

        Assert.Equal((0, "0.1.0\n", ""), (result.ExitCode, result.Output, result.Error));
    }

    [Theory]
    [InlineData("", "run bench explore hmm-tests svm-tests vmm --version --help")]
    [InlineData("--help", "run bench explore hmm-tests svm-tests vmm --version --help")]
    [InlineData("run --help", "wordcount histogram bfs list spmv pagerank hashjoin sort stream")]
    [InlineData("run wordcount --help", "FILE --seed --sms --warps --parallel --fault-buffer-entries --live --trace --json")]
    [InlineData("run bfs --help", "FILE --source --undirected --seed --sms --warps --parallel --fault-buffer-entries --live --trace --json")]
    [InlineData("run list --help", "--nodes --mutate --seed --sms --warps --parallel --fault-buffer-entries --live --trace --json")]
    [InlineData("run spmv --help", "FILE --seed --sms --warps --parallel --fault-buffer-entries --live --trace --json")]
    [InlineData("run pagerank --help", "FILE --seed --sms --warps --parallel --fault-buffer-entries --live --trace --json")]
    [InlineData("run hashjoin --help", "--rows --seed --sms --warps --parallel --fault-buffer-entries --live --trace --json")]
    [InlineData("run sort --help", "--count --seed --sms --warps --parallel --fault-buffer-entries --live --trace --json")]
    [InlineData("run stream --help", "--size --seed --sms --warps --parallel --fault-buffer-entries --live --trace --json")]
    [InlineData("bench --help", "gpu live")]
    [InlineData("hmm-tests --help", "NAME --list --kind --seed --json")]
    [InlineData("svm-tests --help", "FILTER --list --strategy --schedules --seed --json")]
    [InlineData("vmm --help", "run xlat check formats")]
    [InlineData("vmm run --help", "FILE -n")]
    [InlineData("vmm xlat --help", "FILE ADDRESS")]
    [InlineData("vmm formats --help", "NAME")]
    [InlineData("bench live --help", "--cpus --repetitions --json")]
    public async Task Help_names_every_verb_and_option(string commandLine, string words)
    {
        ToolResult result = await Tool.RunAsync(commandLine.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.All(words.Split(' '), word => Assert.Contains(word, result.Output, StringComparison.Ordinal));
        Assert.Contains("gpusvm", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_text_form_of_a_run_has_a_row_for_each_counter()
    {
        using var file = new TemporaryFile("a b c\n");

        ToolResult result = await Tool.RunAsync("run", "wordcount", file.Path);

        Assert.StartsWith("lines 1, words 3\nverified: equals a plain CPU computation\n", result.Output);
        Assert.All(
            ["faults", "duplicates", "replays", "cancels", "pages mapped", "TLB hits", "TLB misses", "walks", "invalidations", "time"],
            row => Assert.Contains($"│ {row} ", result.Output, StringComparison.Ordinal));
    }
}
