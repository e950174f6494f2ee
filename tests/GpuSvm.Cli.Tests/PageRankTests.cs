using System.Text.Json;

namespace GpuSvm.Cli.Tests;

public sealed class PageRankTests
{
    [Fact]
    public async Task The_debian_packages_of_highest_rank_are_those_of_a_plain_computation()
    {
        string file = Tool.Data("debian-12-depends.txt");
        (long Node, double Rank)[] expected = [.. PlainRanks(file).OrderByDescending(ranked => ranked.Rank).Take(10)];

        JsonElement sequential = await Tool.SimulateJsonAsync("pagerank", file);
        JsonElement parallel = await Tool.SimulateJsonAsync("pagerank", file, "--parallel");

        JsonElement input = sequential.GetProperty("input");
        Assert.Equal((1547, 10085), (input.GetProperty("nodes").GetInt64(), input.GetProperty("edges").GetInt64()));
        Assert.Equal(sequential.GetProperty("result").GetRawText(), parallel.GetProperty("result").GetRawText());
        (long Node, double Rank)[] seen = Top(sequential);
        Assert.Equal(expected.Select(ranked => ranked.Node), seen.Select(ranked => ranked.Node));
        Assert.All(seen.Zip(expected), pair => Assert.Equal(pair.Second.Rank, pair.First.Rank, precision: 7));
        Assert.InRange(sequential.GetProperty("result").GetProperty("iterations").GetInt32(), 10, 118);
        Assert.InRange(sequential.GetProperty("result").GetProperty("change").GetDouble(), 0, 1e-8);
    }

    [Fact]
    public async Task The_text_form_shows_the_nodes_of_highest_rank()
    {
        using var file = new TemporaryFile("# a ring\n7 -1\n-1 12\n12 7\n");

        ToolResult result = await Tool.SimulateAsync("pagerank", file.Path);

        Assert.Equal(0, result.ExitCode);
        Assert.StartsWith("3 nodes ranked in 1 iterations; highest:\n  node ", result.Output);
        Assert.Contains("\n  node           12   0.33333333\n", result.Output, StringComparison.Ordinal);
        Assert.Contains("\nverified: equals a plain CPU computation\n", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1 2\n2\n", "line 2: '2': expected two integers of 64 bits")]
    [InlineData("# nothing\n", "has no edges, expected two integers on a line")]
    public async Task What_is_no_edge_list_is_refused(string text, string expected)
    {
        using var file = new TemporaryFile(text);

        ToolResult result = await Tool.SimulateAsync("pagerank", file.Path);

        Assert.Equal((2, "", $"gpusvm: {file.Path}: {expected}\n"), (result.ExitCode, result.Output, result.Error));
    }

    private static IEnumerable<(long Node, double Rank)> PlainRanks(string file)
    {
        IEnumerable<string> lines = File.ReadLines(file).Where(line => line[0] != '#');
        var pairs = lines.Select(line => line.Split('\t').Select(long.Parse).ToArray()).ToList();
        long[] nodes = [.. pairs.SelectMany(pair => pair).Distinct()];
        ILookup<long, long> next = pairs.ToLookup(pair => pair[0], pair => pair[1]);
        var ranks = nodes.ToDictionary(node => node, _ => 1.0 / nodes.Length);
        for (int iteration = 0; iteration < 200; iteration++)
        {
            double lost = nodes.Where(node => !next.Contains(node)).Sum(node => ranks[node]);
            var moved = nodes.ToDictionary(node => node, _ => (0.15 + (0.85 * lost)) / nodes.Length);
            foreach (IGrouping<long, long> arcs in next)
            {
                double share = 0.85 * ranks[arcs.Key] / arcs.Count();
                foreach (long to in arcs)
                {
                    moved[to] += share;
                }
            }

            ranks = moved;
        }

        return ranks.Select(ranked => (ranked.Key, ranked.Value));
    }

    private static (long Node, double Rank)[] Top(JsonElement document) =>
    [
        .. document.GetProperty("result").GetProperty("top").EnumerateArray()
            .Select(ranked => (ranked.GetProperty("node").GetInt64(), ranked.GetProperty("rank").GetDouble())),
    ];
}
