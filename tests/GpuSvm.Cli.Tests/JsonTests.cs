using System.Text.Json;

namespace GpuSvm.Cli.Tests;

/// <summary>The documents have the names that docs/cli.md promises.</summary>
public sealed class JsonTests
{
    private static readonly string[] Names = ["workload", "input", "machine", "result", "verified", "counters", "elapsed_ms"];

    private static readonly string[] CounterNames =
    [
        "faults", "duplicates", "covered", "batches", "replays", "cancels", "retries", "overflows", "pages_mapped", "duplicated_pages", "tlb_hits", "tlb_misses", "walks",
        "invalidations", "migration",
    ];

    [Fact]
    public async Task Wordcount()
    {
        using var file = new TemporaryFile("one two\nthree\n");

        JsonElement document = await Tool.SimulateJsonAsync("wordcount", file.Path, "--seed", "7", "--sms", "3", "--warps", "2");

        ExpectFrame(document, "wordcount", ["path", "bytes"], ["lines", "words"]);
        Assert.Equal(14, document.GetProperty("input").GetProperty("bytes").GetInt64());
        Assert.Equal("""{"mode":"simulated","seed":7,"sms":3,"warps":2,"execution":"sequential","fault_buffer_entries":1024,"video_memory_bytes":1073741824}""", Compact(document, "machine"));
        Assert.Equal("""{"lines":2,"words":3}""", Compact(document, "result"));
    }

    [Fact]
    public async Task Histogram()
    {
        using var file = new TemporaryFile([0, 255, 255, 1]);

        JsonElement document = await Tool.SimulateJsonAsync("histogram", file.Path, "--parallel", "--fault-buffer-entries", "2");

        ExpectFrame(document, "histogram", ["path", "bytes"], ["bytes", "counts"]);
        Assert.Equal("parallel", document.GetProperty("machine").GetProperty("execution").GetString());
        Assert.Equal(2, document.GetProperty("machine").GetProperty("fault_buffer_entries").GetInt32());
        long[] expected = new long[256];
        (expected[0], expected[1], expected[255]) = (1, 1, 2);
        Assert.Equal(expected, document.GetProperty("result").GetProperty("counts").EnumerateArray().Select(count => count.GetInt64()));
    }

    [Fact]
    public async Task Bfs()
    {
        using var file = new TemporaryFile("10 20\n10 30\n20 40\n50 10\n");

        JsonElement document = await Tool.SimulateJsonAsync("bfs", file.Path);

        ExpectFrame(document, "bfs", ["path", "bytes", "nodes", "edges", "directed", "source"], ["reached", "levels"]);
        Assert.Equal(10, document.GetProperty("input").GetProperty("source").GetInt64());
        Assert.True(document.GetProperty("input").GetProperty("directed").GetBoolean());
        Assert.Equal("""{"reached":4,"levels":[1,2,1]}""", Compact(document, "result"));
    }

    [Fact]
    public async Task List()
    {
        JsonElement document = await Tool.SimulateJsonAsync("list", "--nodes", "100");

        ExpectFrame(
            document,
            "list",
            ["nodes", "mutate"],
            ["nodes", "sum", "walks", "idle_changes", "changes_during_walks", "unmaps_during_walks"]);
        Assert.Equal(100, document.GetProperty("result").GetProperty("nodes").GetInt64());
        Assert.Equal(4, document.GetProperty("result").GetProperty("walks").GetInt64());
    }

    [Fact]
    public async Task Spmv()
    {
        using var file = new TemporaryFile("%%MatrixMarket matrix coordinate real general\n2 1 1\n2 1 -1e9\n");

        JsonElement document = await Tool.SimulateJsonAsync("spmv", file.Path);

        ExpectFrame(document, "spmv", ["path", "bytes", "rows", "columns", "entries"], ["smallest", "largest", "sum"]);
    }

    [Fact]
    public async Task Pagerank()
    {
        using var file = new TemporaryFile("10 20\n20 10\n");

        JsonElement document = await Tool.SimulateJsonAsync("pagerank", file.Path);

        ExpectFrame(document, "pagerank", ["path", "bytes", "nodes", "edges"], ["iterations", "change", "top"]);
        Assert.Equal(
            """{"iterations":1,"change":0,"top":[{"node":10,"rank":0.5},{"node":20,"rank":0.5}]}""", Compact(document, "result"));
    }

    [Fact]
    public async Task Hashjoin()
    {
        JsonElement document = await Tool.SimulateJsonAsync("hashjoin", "--rows", "1");

        ExpectFrame(document, "hashjoin", ["rows"], ["pairs", "left_rows", "right_rows"]);
        Assert.Equal("""{"pairs":1,"left_rows":1,"right_rows":1}""", Compact(document, "result"));
    }

    [Fact]
    public async Task Sort()
    {
        JsonElement document = await Tool.SimulateJsonAsync("sort", "--count", "10");

        ExpectFrame(document, "sort", ["count"], ["smallest", "median", "largest"]);
    }

    [Fact]
    public async Task Stream()
    {
        JsonElement document = await Tool.SimulateJsonAsync("stream", "--size", "12K");

        ExpectFrame(document, "stream", ["bytes", "elements"], ["sum"]);
    }

    private static void ExpectFrame(JsonElement document, string workload, string[] input, string[] result)
    {
        Assert.Equal(Names, NamesOf(document));
        Assert.Equal(workload, document.GetProperty("workload").GetString());
        Assert.Equal(input, NamesOf(document.GetProperty("input")));
        Assert.Equal(result, NamesOf(document.GetProperty("result")));
        Assert.Equal(CounterNames, NamesOf(document.GetProperty("counters")));
        Assert.True(document.GetProperty("verified").GetBoolean());
        Assert.True(document.GetProperty("elapsed_ms").GetDouble() > 0);
    }

    private static IEnumerable<string> NamesOf(JsonElement element) => element.EnumerateObject().Select(property => property.Name);

    private static string Compact(JsonElement document, string name) => JsonSerializer.Serialize(document.GetProperty(name));
}
