using System.Text.Json;

namespace GpuSvm.Cli.Tests;

public sealed class DeterminismTests
{
    [Theory]
    [InlineData("wordcount FILE")]
    [InlineData("histogram FILE")]
    [InlineData("bfs FILE")]
    [InlineData("list --nodes 5000 --mutate")]
    [InlineData("pagerank FILE")]
    [InlineData("hashjoin --rows 5000")]
    [InlineData("sort --count 5000")]
    [InlineData("stream --size 100K")]
    public async Task The_same_seed_gives_the_same_counters(string workload)
    {
        string[] words = [.. workload.Split(' ').Select(word => word == "FILE" ? Tool.Data("debian-12-depends.txt") : word)];
        string[] arguments = ["run", .. words, "--seed", "12", "--fault-buffer-entries", "64", "--simulate"];

        JsonElement first = await Tool.RunJsonAsync(arguments);
        JsonElement second = await Tool.RunJsonAsync(arguments);

        Assert.Equal(first.GetProperty("counters").GetRawText(), second.GetProperty("counters").GetRawText());
        Assert.Equal(first.GetProperty("result").GetRawText(), second.GetProperty("result").GetRawText());
    }
}
