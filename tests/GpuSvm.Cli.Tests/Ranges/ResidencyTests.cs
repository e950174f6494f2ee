using System.Text.Json;

namespace GpuSvm.Cli.Tests.Ranges;

/// <summary><c>gpusvm residency</c>, and what <c>gpusvm run</c> says of pages that move.</summary>
public sealed class ResidencyTests
{
    private const int FileBytes = 4_000_000;

    [Fact]
    public async Task A_range_of_which_one_page_came_home_stays_one_range_with_511_pages_on_the_gpu()
    {
        using var file = new TemporaryFile(Bytes());
        string[] arguments = ["residency", "histogram", file.Path, "--placement", "device", "--read-around", "1", "--simulate"];

        JsonElement document = await Tool.RunJsonAsync(arguments);
        ToolResult text = await Tool.RunAsync(arguments);

        JsonElement range = Assert.Single(
            document.GetProperty("ranges").EnumerateArray(), range => range.GetProperty("place").GetString() == "mixed");
        Assert.Equal((2 << 20, 511, 1, 0), (Number(range, "bytes"), Number(range, "video_pages"), Number(range, "system_pages"), Number(range, "absent_pages")));
        Assert.Equal(
            ["video", "system", "video"], range.GetProperty("runs").EnumerateArray().Select(run => run.GetProperty("place").GetString()));
        Assert.Equal(512, range.GetProperty("runs").EnumerateArray().Sum(run => Number(run, "pages")));
        Assert.Contains($"\n{range.GetProperty("start").GetString()}    2 MiB   511       1     0     511  mixed   VVVVVV*VVVVVVVVVV", text.Output);
        Assert.DoesNotContain("\u001b", text.Output, StringComparison.Ordinal);
        Assert.Contains("1 mixed, 0 without pages\n", text.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_placement_there_are_no_ranges_and_the_document_has_none()
    {
        JsonElement document = await Tool.SimulateJsonAsync("sort", "--count", "1000");

        Assert.False(document.TryGetProperty("residency", out _));
        Assert.False(document.TryGetProperty("ranges", out _));
        Assert.False(document.GetProperty("machine").TryGetProperty("placement", out _));
        Assert.All(document.GetProperty("counters").GetProperty("migration").EnumerateObject(), counter => Assert.Equal(0, counter.Value.GetInt64()));
    }

    [Theory]
    [InlineData("system", 0)]
    [InlineData("device", 132)]
    [InlineData("auto", 132)]
    public async Task The_table_and_the_document_tell_of_pages_that_moved(string placement, int pages)
    {
        string[] arguments = ["run", "stream", "--size", "528K", "--placement", placement, "--chunks", "64K,4K", "--timeslice", "0", "--simulate"];

        JsonElement document = await Tool.RunJsonAsync(arguments);
        ToolResult text = await Tool.RunAsync(arguments);

        Assert.Equal(
            $$"""{"placement":"{{placement}}","chunks":[65536,4096],"timeslice_ms":0,"read_around_pages":16,"eviction":"scan-resistant"}""",
            Of(document.GetProperty("machine"), "placement", "chunks", "timeslice_ms", "read_around_pages", "eviction"));
        JsonElement migration = document.GetProperty("counters").GetProperty("migration");
        JsonElement residency = document.GetProperty("residency");
        Assert.Equal((pages, pages), (Number(migration, "pages_to_device_by_fault"), Number(migration, "peak_video_pages")));
        Assert.Equal(132, Number(residency, "video_pages") + Number(residency, "system_pages"));
        Assert.Equal(pages - Number(migration, "pages_home_by_fault"), Number(residency, "video_pages"));
        Assert.False(document.TryGetProperty("ranges", out _));
        Assert.All(
            [
                "pages to VRAM by GPU faults", "pages to VRAM by request", "pages home by CPU faults", "pages home by eviction",
                "pages home by request", "bytes to VRAM", "bytes home", "evictions", "timeslice refusals", "ranges made", "ranges removed",
                "peak of pages in VRAM", "pages in VRAM at the end", "pages in system memory at the end",
            ],
            row => Assert.Contains($"│ {row} ", text.Output, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("list --nodes 3000 --mutate --placement auto")]
    [InlineData("hashjoin --rows 3000 --placement device --vram 200K --chunks 4K")]
    [InlineData("sort --count 3000 --placement auto --timeslice 1")]
    public async Task Runs_with_migration_count_the_same_again(string workload)
    {
        string[] arguments = ["residency", .. workload.Split(' '), "--seed", "12", "--sms", "1", "--warps", "1", "--simulate"];

        JsonElement first = await Tool.RunJsonAsync(arguments);
        JsonElement second = await Tool.RunJsonAsync(arguments);

        Assert.All(["counters", "residency", "ranges"], part => Assert.Equal(first.GetProperty(part).GetRawText(), second.GetProperty(part).GetRawText()));
        Assert.True(Number(first.GetProperty("counters").GetProperty("migration"), "pages_to_device_by_fault") > 0);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(20, 1)]
    public async Task The_cpu_waits_once_for_pages_that_came_to_the_gpu_within_a_timeslice(int milliseconds, int refusals)
    {
        JsonElement document = await Tool.SimulateJsonAsync(
            "stream", "--size", "528K", "--placement", "device", "--chunks", "64K,4K", "--timeslice", $"{milliseconds}");

        JsonElement migration = document.GetProperty("counters").GetProperty("migration");
        Assert.Equal((refusals, 54), (Number(migration, "timeslice_refusals"), Number(migration, "pages_home_by_fault")));
    }

    [Fact]
    public async Task The_verb_says_where_ranges_are_to_live_unless_told()
    {
        JsonElement document = await Tool.RunJsonAsync("residency", "list", "--nodes", "100", "--simulate");

        Assert.Equal("auto", document.GetProperty("machine").GetProperty("placement").GetString());
        Assert.NotEqual(0, document.GetProperty("ranges").GetArrayLength());
    }

    private static byte[] Bytes()
    {
        byte[] bytes = new byte[FileBytes];
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = unchecked((byte)(i * 7));
        }

        return bytes;
    }

    private static string Of(JsonElement element, params string[] names) =>
        $"{{{string.Join(',', names.Select(name => $"\"{name}\":{JsonSerializer.Serialize(element.GetProperty(name))}"))}}}";

    private static long Number(JsonElement element, string name) => element.GetProperty(name).GetInt64();
}
