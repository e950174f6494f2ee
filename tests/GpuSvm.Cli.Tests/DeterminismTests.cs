using System.Text.Json;

namespace GpuSvm.Cli.Tests;

public sealed class DeterminismTests
{
    [Theory]
    [InlineData("wordcount")]
    [InlineData("histogram")]
    [InlineData("bfs")]
    [InlineData("list")]
    public async Task The_same_seed_gives_the_same_counters(string workload)
    {
        string[] input = workload == "list" ? ["--nodes", "5000", "--mutate"] : [Tool.Data("debian-12-depends.txt")];
        string[] arguments = ["run", workload, .. input, "--seed", "12", "--fault-buffer-entries", "64"];

        JsonElement first = await Tool.RunJsonAsync(arguments);
        JsonElement second = await Tool.RunJsonAsync(arguments);

        Assert.Equal(first.GetProperty("counters").GetRawText(), second.GetProperty("counters").GetRawText());
        Assert.Equal(first.GetProperty("result").GetRawText(), second.GetProperty("result").GetRawText());
    }
}
