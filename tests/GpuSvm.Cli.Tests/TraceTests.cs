using System.Text.Json;

namespace GpuSvm.Cli.Tests;

/// <summary><c>--trace</c>: what a run writes to its trace, and what becomes of the file.</summary>
public sealed class TraceTests
{
    [Fact]
    public async Task A_trace_holds_what_the_counters_count_and_an_arrow_for_every_fault()
    {
        using var file = new TemporaryFile("an earlier trace");

        JsonElement document = await Tool.SimulateJsonAsync("list", "--nodes", "1000", "--mutate", "--sms", "3", "--trace", file.Path);

        PerfettoFile trace = PerfettoFile.Of(await File.ReadAllBytesAsync(file.Path));
        JsonElement counters = document.GetProperty("counters");
        Assert.Empty(trace.Faults());
        int waits = Begins(trace, "fault");
        Assert.Equal(counters.GetProperty("faults").GetInt64() + Sum(trace, "flush", "count"), waits);
        Assert.Equal(waits, trace.Events.Sum(happened => happened.Flows.Count));
        Assert.Equal(counters.GetProperty("faults").GetInt64(), Sum(trace, "batch", "count"));
        Assert.Equal(counters.GetProperty("batches").GetInt64(), Begins(trace, "batch"));
        Assert.Equal(counters.GetProperty("replays").GetInt64(), trace.Events.Count(happened => happened.Category == "replay"));
        Assert.Equal(counters.GetProperty("invalidations").GetInt64(), Begins(trace, "invalidation"));
        Assert.Contains(trace.Events, happened => happened.Name == "invalidation: unmap");
        Assert.Subset(
            new HashSet<string>(["GPU", "worker 0", "SM 0/SM 0 waits", "SM 1/SM 1 waits", "SM 2/SM 2 waits"]),
            trace.Events.Where(happened => happened.Category != "invalidation" && happened.Type != 2).Select(happened => trace.PathOf(happened.Track)).ToHashSet());
        JsonElement told = document.GetProperty("trace");
        Assert.Equal((file.Path, 0), (told.GetProperty("path").GetString(), told.GetProperty("dropped").GetInt64()));
        Assert.Equal(trace.Events.Count, told.GetProperty("events").GetInt64());
        Assert.False(File.Exists(file.Path + ".part"));
    }

    [Fact]
    public async Task A_trace_of_a_parallel_run_is_sound_and_its_arrows_lead_to_replays()
    {
        using var file = new TemporaryFile("");

        ToolResult result = await Tool.SimulateAsync("list", "--nodes", "5000", "--parallel", "--mutate", "--trace", file.Path);

        Assert.Equal((0, ""), (result.ExitCode, result.Error));
        Assert.Matches($"\ntrace {file.Path}: [0-9,]+ events, 0 dropped\n", result.Output);
        PerfettoFile trace = PerfettoFile.Of(await File.ReadAllBytesAsync(file.Path));
        Assert.Empty(trace.Faults());
        Assert.True(trace.Events.Sum(happened => happened.Flows.Count) > 0);
        Assert.All(trace.Events.Where(happened => happened.TerminatingFlows.Count > 0), happened => Assert.Equal("replay", happened.Name));
    }

    [Theory]
    [InlineData("/no/such/folder/a.pftrace", "no such directory")]
    [InlineData("/", "is a directory, expected a file")]
    public async Task A_trace_that_cannot_be_written_is_refused_before_anything_runs(string path, string reason)
    {
        ToolResult result = await Tool.SimulateAsync("histogram", "/no/such/input", "--trace", path);

        Assert.Equal((2, "", $"gpusvm: --trace {path}: {reason}\n"), (result.ExitCode, result.Output, result.Error));
    }

    [Fact]
    public async Task A_run_that_is_refused_leaves_an_earlier_trace_alone()
    {
        using var file = new TemporaryFile("an earlier trace");

        ToolResult result = await Tool.SimulateAsync("histogram", "/no/such/input", "--trace", file.Path);

        Assert.Equal((2, "", "gpusvm: /no/such/input: no such file\n"), (result.ExitCode, result.Output, result.Error));
        Assert.Equal("an earlier trace", await File.ReadAllTextAsync(file.Path));
        Assert.False(File.Exists(file.Path + ".part"));
    }

    private static int Begins(PerfettoFile trace, string category) =>
        trace.Events.Count(happened => happened.Category == category && happened.Type == 1);

    private static long Sum(PerfettoFile trace, string category, string what) => trace.Events
        .Where(happened => happened.Category == category && happened.Type != 2)
        .Sum(happened => long.Parse(happened.Annotations[what], System.Globalization.CultureInfo.InvariantCulture));
}
