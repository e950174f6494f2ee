using System.Text.Json;

namespace GpuSvm.Cli.Tests;

public sealed class BfsTests
{
    private const long Source = 1479;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_graph_of_debian_packages_has_the_levels_of_a_plain_search(bool undirected)
    {
        string file = Tool.Data("debian-12-depends.txt");
        long[] expected = PlainLevels(file, undirected);
        string[] arguments = ["run", "bfs", file, "--source", $"{Source}", .. (undirected ? (string[])["--undirected"] : []), "--simulate"];

        JsonElement sequential = await Tool.RunJsonAsync(arguments);
        JsonElement parallel = await Tool.RunJsonAsync([.. arguments, "--parallel"]);

        Assert.Equal((1547, 10085), (Number(sequential, "input", "nodes"), Number(sequential, "input", "edges")));
        Assert.Equal(expected, Levels(sequential));
        Assert.Equal(expected, Levels(parallel));
        Assert.Equal(expected.Sum(), Number(sequential, "result", "reached"));
    }

    [Fact]
    public async Task The_text_form_shows_levels_and_reached_nodes()
    {
        using var file = new TemporaryFile("0 1\n0 2\n3 0\n");

        ToolResult result = await Tool.SimulateAsync("bfs", file.Path);

        Assert.Equal(0, result.ExitCode);
        Assert.StartsWith(
            "3 of 4 nodes reached from 0 on 2 levels\n  level   0            1 nodes\n  level   1            2 nodes\n", result.Output);
        Assert.Contains("verified: equals a plain CPU computation", result.Output, StringComparison.Ordinal);
    }

    private static long[] PlainLevels(string file, bool undirected)
    {
        IEnumerable<string> lines = File.ReadLines(file).Where(line => line[0] != '#');
        var pairs = lines.Select(line => line.Split('\t').Select(long.Parse).ToArray()).ToList();
        ILookup<long, long> next = pairs
            .Select(pair => (From: pair[0], To: pair[1]))
            .Concat(undirected ? pairs.Select(pair => (From: pair[1], To: pair[0])) : [])
            .ToLookup(pair => pair.From, pair => pair.To);
        HashSet<long> seen = [Source];
        List<long> counts = [];
        for (List<long> frontier = [Source]; frontier.Count > 0; frontier = [.. frontier.SelectMany(node => next[node]).Where(seen.Add)])
        {
            counts.Add(frontier.Count);
        }

        return [.. counts];
    }

    private static long Number(JsonElement document, string part, string name) => document.GetProperty(part).GetProperty(name).GetInt64();

    private static IEnumerable<long> Levels(JsonElement document) =>
        document.GetProperty("result").GetProperty("levels").EnumerateArray().Select(count => count.GetInt64());
}
