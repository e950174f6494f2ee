using System.Text.Json;

namespace GpuSvm.Cli.Tests;

/// <summary>Runs on the tool's own memory: when they are, what <c>--live</c> and <c>--simulate</c> change, and what they do not.</summary>
public sealed class LiveTests
{
    private static readonly string[] MachineNames =
        ["mode", "kernel", "features", "seed", "sms", "warps", "execution", "fault_buffer_entries", "video_memory_bytes"];

    [LiveTheory]
    [InlineData("wordcount", "FILE")]
    [InlineData("wordcount", "FILE --parallel")]
    [InlineData("histogram", "FILE")]
    [InlineData("bfs", "FILE --source 1479")]
    [InlineData("bfs", "FILE --source 1479 --undirected --parallel")]
    [InlineData("list", "--nodes 5000")]
    [InlineData("list", "--nodes 5000 --mutate")]
    [InlineData("pagerank", "FILE --parallel")]
    [InlineData("hashjoin", "--rows 5000 --parallel")]
    [InlineData("sort", "--count 5000")]
    [InlineData("stream", "--size 100K --parallel")]
    [InlineData("spmv", "MATRIX --parallel")]
    [InlineData("wordcount", "FILE --placement device")]
    [InlineData("bfs", "FILE --source 1479 --placement auto --parallel")]
    [InlineData("pagerank", "FILE --placement device --vram 1M --chunks 16K,4K")]
    [InlineData("hashjoin", "--rows 5000 --placement auto --parallel --read-around 1")]
    [InlineData("sort", "--count 5000 --placement device --vram 104K --chunks 4K --sms 1 --warps 1 --eviction oldest-allocation")]
    [InlineData("spmv", "MATRIX --placement device --timeslice 5")]
    [InlineData("stream", "--size 1200K --placement device --vram 1M --chunks 16K,4K --sms 2 --warps 2")]
    public async Task A_live_run_gives_the_result_of_a_simulated_one(string workload, string words)
    {
        using var matrix = new TemporaryFile("%%MatrixMarket matrix coordinate integer general\n3 3 4\n1 1 2\n2 3 5\n3 1 7\n3 3 1\n");
        string[] arguments = ["run", workload, .. words.Split(' ').Select(word => word switch
        {
            "FILE" => Tool.Data("debian-12-depends.txt"),
            "MATRIX" => matrix.Path,
            _ => word,
        }),];

        JsonElement simulated = await Tool.RunJsonAsync([.. arguments, "--simulate"]);
        JsonElement live = await Tool.RunJsonAsync([.. arguments, "--live"]);

        Assert.Equal(simulated.GetProperty("result").GetRawText(), live.GetProperty("result").GetRawText());
        Assert.Equal(simulated.GetProperty("input").GetRawText(), live.GetProperty("input").GetRawText());
        Assert.Equal(("simulated", "live"), (ModeOf(simulated), ModeOf(live)));
        Assert.True(Counter(live, "faults") > 0);
        Assert.Equal(words.Contains("--placement", StringComparison.Ordinal), Migrated(live, "pages_to_device_by_fault") > 0);
    }

    [LiveTheory]
    [InlineData("--nodes 1 --seed 3")]
    [InlineData("--nodes 20000")]
    [InlineData("--nodes 20000 --mutate --seed 7 --sms 2")]
    [InlineData("--nodes 1 --placement device")]
    [InlineData("--nodes 20000 --placement device")]
    [InlineData("--nodes 20000 --mutate --seed 7 --sms 2 --placement auto --read-around 4")]
    public async Task A_list_maps_and_moves_as_many_pages_live_as_simulated(string words)
    {
        string[] arguments = ["run", "list", .. words.Split(' ')];

        JsonElement simulated = await Tool.RunJsonAsync([.. arguments, "--simulate"]);
        JsonElement live = await Tool.RunJsonAsync([.. arguments, "--live"]);

        Assert.Equal(Counter(simulated, "pages_mapped"), Counter(live, "pages_mapped"));
        Assert.Equal(MigrationOf(simulated).GetRawText(), MigrationOf(live).GetRawText());
    }

    [LiveTheory]
    [InlineData(1)]
    [InlineData(3000)]
    public async Task Walks_during_changes_of_real_memory_see_states_that_the_list_had(int nodes)
    {
        JsonElement document = await Tool.RunJsonAsync(
            "run", "list", "--nodes", $"{nodes}", "--mutate", "--parallel", "--sms", "2", "--live");

        JsonElement result = document.GetProperty("result");
        Assert.True(result.GetProperty("walks").GetInt64() >= 6);
        Assert.True(result.GetProperty("changes_during_walks").GetInt64() > 0);
        Assert.True(Counter(document, "invalidations") > 0);
    }

    [LiveFact]
    public async Task The_ranges_of_a_live_run_are_shown_and_hold_what_the_residency_counts()
    {
        JsonElement document = await Tool.RunJsonAsync("residency", "sort", "--count", "3000", "--live");

        JsonElement[] ranges = [.. document.GetProperty("ranges").EnumerateArray()];
        long video = ranges.Sum(range => range.GetProperty("video_pages").GetInt64());
        Assert.Equal("live", ModeOf(document));
        Assert.Equal(Migrated(document, "ranges_made"), ranges.Length);
        Assert.Equal(video, document.GetProperty("residency").GetProperty("video_pages").GetInt64());
        Assert.Equal(Migrated(document, "pages_to_device_by_fault") - Migrated(document, "pages_home_by_fault"), video);
    }

    [LiveFact]
    public async Task A_trace_of_a_live_run_holds_what_the_counters_count()
    {
        using var file = new TemporaryFile("an earlier trace");

        JsonElement document = await Tool.RunJsonAsync("run", "list", "--nodes", "1000", "--placement", "device", "--trace", file.Path, "--live");

        PerfettoFile trace = PerfettoFile.Of(await File.ReadAllBytesAsync(file.Path));
        Assert.Empty(trace.Faults());
        Assert.Equal(trace.Events.Count, document.GetProperty("trace").GetProperty("events").GetInt64());
        Assert.Equal(0, document.GetProperty("trace").GetProperty("dropped").GetInt64());
        Assert.Equal(Counter(document, "replays"), trace.Events.Count(happened => happened.Category == "replay"));
    }

    [LiveFact]
    public async Task The_document_names_the_kernel_and_its_features()
    {
        using var file = new TemporaryFile("one two\nthree\n");

        JsonElement machine = (await Tool.RunJsonAsync("run", "wordcount", file.Path, "--seed", "7", "--live")).GetProperty("machine");

        Assert.Equal(MachineNames, machine.EnumerateObject().Select(property => property.Name));
        Assert.Equal(Release(), machine.GetProperty("kernel").GetString());
        string?[] features = [.. machine.GetProperty("features").EnumerateArray().Select(feature => feature.GetString())];
        Assert.Contains("MISSING_SHMEM", features);
        Assert.Contains("MINOR_SHMEM", features);
        Assert.Equal(7, machine.GetProperty("seed").GetInt64());
    }

    [LiveFact]
    public async Task The_text_form_has_a_line_with_the_kernel_and_its_features()
    {
        using var file = new TemporaryFile("a b c\n");

        ToolResult result = await Tool.RunAsync("run", "wordcount", file.Path, "--live");

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.StartsWith(
            $"lines 1, words 3\nverified: equals a plain CPU computation\nlive on Linux {Release()}: ",
            result.Output,
            StringComparison.Ordinal);
        Assert.Matches("\nlive on [^\n]+ ([A-Z0-9_]+, )*MINOR_SHMEM(, [A-Z0-9_]+)*\n", result.Output);
    }

    [LiveFact]
    public async Task A_file_that_is_missing_is_refused()
    {
        ToolResult result = await Tool.RunAsync("run", "wordcount", "/no/such/file", "--live");

        Assert.Equal((2, "", "gpusvm: /no/such/file: no such file\n"), (result.ExitCode, result.Output, result.Error));
    }

    [Theory]
    [InlineData("run list --nodes 10 --live")]
    [InlineData("run list --nodes 10 --json --live")]
    [InlineData("run wordcount /no/such/file --live")]
    public async Task Without_userfaultfd_one_line_says_so_before_any_input_is_read(string commandLine)
    {
        ToolResult result = await Tool.RunWithoutUserfaultAsync(commandLine.Split(' '));

        Assert.Equal((3, ""), (result.ExitCode, result.Output));
        Assert.Matches("^gpusvm: [^\n]*GPUSVM_NO_USERFAULTFD[^\n]*\n$", result.Error);
    }

    [Fact]
    public async Task A_command_line_that_makes_no_sense_is_refused_even_without_userfaultfd()
    {
        ToolResult result = await Tool.RunWithoutUserfaultAsync("run", "list", "--nodes", "0", "--live");

        Assert.Equal((2, ""), (result.ExitCode, result.Output));
    }

    [LiveTheory]
    [InlineData("run list --nodes 10 --json", "live", "gpusvm: live: on this process's own memory (--simulate runs a simulated machine)\n")]
    [InlineData("run list --nodes 10 --json --live", "live", "")]
    [InlineData("run list --nodes 10 --json --simulate", "simulated", "")]
    public async Task A_run_is_live_unless_told_and_says_so(string commandLine, string mode, string line)
    {
        ToolResult result = await Tool.RunAsync(commandLine.Split(' '));

        Assert.Equal((0, line), (result.ExitCode, result.Error));
        Assert.Equal(mode, ModeOf(JsonDocument.Parse(result.Output).RootElement));
    }

    [Theory]
    [InlineData("run list --nodes 10 --json", "gpusvm: simulated, not live: userfaultfd is switched off by GPUSVM_NO_USERFAULTFD=1\n")]
    [InlineData("run list --nodes 10 --json --simulate", "")]
    public async Task Without_userfaultfd_a_run_is_simulated_and_says_why(string commandLine, string line)
    {
        ToolResult result = await Tool.RunWithoutUserfaultAsync(commandLine.Split(' '));

        Assert.Equal((0, line), (result.ExitCode, result.Error));
        Assert.Equal("simulated", ModeOf(JsonDocument.Parse(result.Output).RootElement));
    }

    private static string Release() => File.ReadAllText("/proc/sys/kernel/osrelease").Trim();

    private static string? ModeOf(JsonElement document) => document.GetProperty("machine").GetProperty("mode").GetString();

    private static JsonElement MigrationOf(JsonElement document) => document.GetProperty("counters").GetProperty("migration");

    private static long Migrated(JsonElement document, string name) => MigrationOf(document).GetProperty(name).GetInt64();

    private static long Counter(JsonElement document, string name) => document.GetProperty("counters").GetProperty(name).GetInt64();
}
