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
    [InlineData("", "run residency bench explore hmm-tests svm-tests vmm --version --help")]
    [InlineData("--help", "run residency bench explore hmm-tests svm-tests vmm --version --help")]
    [InlineData("run --help", "wordcount histogram bfs list spmv pagerank hashjoin sort stream")]
    [InlineData("residency --help", "wordcount histogram bfs list spmv pagerank hashjoin sort stream auto")]
    [InlineData("bench --help", "gpu live")]
    [InlineData("hmm-tests --help", "NAME --list --kind --seed --json")]
    [InlineData("svm-tests --help", "FILTER --list --strategy --placement --schedules --seed --json")]
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

    [Theory]
    [InlineData("wordcount", "FILE")]
    [InlineData("histogram", "FILE")]
    [InlineData("bfs", "FILE --source --undirected")]
    [InlineData("list", "--nodes --mutate")]
    [InlineData("spmv", "FILE")]
    [InlineData("pagerank", "FILE")]
    [InlineData("hashjoin", "--rows")]
    [InlineData("sort", "--count")]
    [InlineData("stream", "--size")]
    public async Task Help_of_a_workload_names_its_own_options_and_those_of_all(string workload, string words)
    {
        const string All =
            "--seed --sms --warps --parallel --fault-buffer-entries --vram --placement system|device|auto --chunks --timeslice --read-around --eviction --live --simulate --trace --json";
        await Help_names_every_verb_and_option($"run {workload} --help", $"{words} {All}");
        await Help_names_every_verb_and_option($"residency {workload} --help", $"{words} {All}");
    }

    [Fact]
    public async Task The_text_form_of_a_run_has_a_row_for_each_counter()
    {
        using var file = new TemporaryFile("a b c\n");

        ToolResult result = await Tool.SimulateAsync("wordcount", file.Path);

        Assert.StartsWith("lines 1, words 3\nverified: equals a plain CPU computation\n", result.Output);
        Assert.All(
            ["faults", "duplicates", "replays", "cancels", "pages mapped", "TLB hits", "TLB misses", "walks", "invalidations", "time"],
            row => Assert.Contains($"│ {row} ", result.Output, StringComparison.Ordinal));
        Assert.DoesNotContain("VRAM", result.Output, StringComparison.Ordinal);
    }
}
