using System.Globalization;
using System.Text;
using System.Text.Json;
using GpuSvm.Core;

namespace GpuSvm.Cli.Tests.Ranges;

/// <summary>Working sets that are larger than the GPU's memory: the answer is right, and never are there more pages than fit.</summary>
public sealed class OversubscriptionTests
{
    private const int Rows = 2500;
    private const string PageRank = "pagerank GRAPH --chunks 4K --sms 1 --warps 1";
    private static readonly int[] Percents = [110, 125, 150, 400];

    /// <summary>Runs, and the pages that they need on the GPU at once.</summary>
    public static TheoryData<string, int> Workloads => new()
    {
        { "stream --size 1200K --chunks 16K,4K --sms 2 --warps 2", 300 },
        { "spmv FILE --chunks 16K,4K --sms 2 --warps 2", 162 },
        { PageRank, 27 },
        { "hashjoin --rows 3000 --chunks 4K --sms 1 --warps 1", 21 },
        { "sort --count 3000 --chunks 4K --sms 1 --warps 1", 15 },
    };

    /// <summary>The CPU takes one page of PageRank home after each of 49 iterations; its place is given back when somebody needs it.</summary>
    [Theory]
    [MemberData(nameof(Workloads))]
    public async Task With_room_for_all_no_page_leaves_before_the_check(string workload, int pages)
    {
        JsonElement document = await RunAsync(workload, "--vram", "64M");

        JsonElement counters = document.GetProperty("counters").GetProperty("migration");
        pages += workload == PageRank ? 48 : 0;
        Assert.Equal(
            (pages, 0, 0, pages),
            (Count(counters, "pages_to_device_by_fault"),
            Count(counters, "pages_home_by_eviction"),
            Count(counters, "evictions"),
            Count(counters, "peak_video_pages")));
        Assert.Equal(4096 * pages, Count(counters, "bytes_to_device"));
    }

    [Theory]
    [MemberData(nameof(Workloads))]
    public async Task Working_sets_of_110_to_400_percent_of_the_memory_give_the_right_answer(string workload, int pages)
    {
        foreach (int percent in Percents)
        {
            await ExpectLimitAsync(workload, pages * 100 / percent);
            await ExpectLimitAsync($"{workload} --parallel", pages * 100 / percent);
        }
    }

    /// <summary>The counts are those of one order of execution: they are the same every time.</summary>
    [Theory]
    [InlineData("scan-resistant", 1001)]
    [InlineData("least-recently-used", 1334)]
    [InlineData("oldest-allocation", 1334)]
    [InlineData("none", 0)]
    public async Task Whose_pages_leave_is_up_to_the_policy(string policy, int evicted)
    {
        string memory = VideoMemoryFor(21).ToString(CultureInfo.InvariantCulture);
        JsonElement document = await RunAsync(PageRank, "--vram", memory, "--eviction", policy);

        Assert.Equal(policy, document.GetProperty("machine").GetProperty("eviction").GetString());
        Assert.Equal(evicted, Count(document.GetProperty("counters").GetProperty("migration"), "pages_home_by_eviction"));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" --parallel")]
    public async Task A_stream_of_twelve_large_ranges_with_room_for_seven_evicts_at_most_twice_the_excess(string mode)
    {
        JsonElement document = await RunAsync("stream --size 24M" + mode, "--vram", "16M");

        JsonElement counters = document.GetProperty("counters").GetProperty("migration");
        long excess = (24 << 8) - Count(counters, "peak_video_pages");
        Assert.InRange(Count(counters, "pages_home_by_eviction"), excess, 2 * excess);
    }

    private static async Task ExpectLimitAsync(string workload, int limit)
    {
        JsonElement document = await RunAsync(workload, "--vram", VideoMemoryFor(limit).ToString(CultureInfo.InvariantCulture));

        JsonElement counters = document.GetProperty("counters").GetProperty("migration");
        Assert.InRange(Count(counters, "peak_video_pages"), limit - 3, limit);
        Assert.True(Count(counters, "pages_home_by_eviction") > 0, $"Nothing was evicted with room for {limit} pages.");
    }

    private static async Task<JsonElement> RunAsync(string workload, params string[] options)
    {
        using var file = new TemporaryFile(Matrix());
        string[] words = [.. workload.Split(' ').Select(word => word == "FILE" ? file.Path : word == "GRAPH" ? Tool.Data("debian-12-depends.txt") : word)];
        JsonElement document = await Tool.SimulateJsonAsync([.. words, "--placement", "device", .. options]);
        Assert.True(document.GetProperty("verified").GetBoolean());
        return document;
    }

    /// <summary>The smallest memory, in bytes, that has room for some pages beside what is kept for page tables.</summary>
    private static long VideoMemoryFor(int pages)
    {
        int all = pages;
        while (all - (all / 32) - 16 < pages)
        {
            all++;
        }

        return all * (long)Page.Size;
    }

    private static string Matrix()
    {
        var random = new SeededRandom(1);
        var text = new StringBuilder("%%MatrixMarket matrix coordinate pattern general\n");
        text.Append(CultureInfo.InvariantCulture, $"{Rows} {Rows} {20 * Rows}\n");
        for (int i = 0; i < 20 * Rows; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $"{1 + random.Next(Rows)} {1 + random.Next(Rows)}\n");
        }

        return text.ToString();
    }

    private static int Count(JsonElement counters, string name) => counters.GetProperty(name).GetInt32();
}
