using System.Text.Json;

namespace GpuSvm.Cli.Tests;

public sealed class ListTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(2000)]
    public async Task Changes_made_while_the_gpu_is_idle_are_seen_by_the_next_walk(int nodes)
    {
        JsonElement before = await Tool.SimulateJsonAsync("list", "--nodes", $"{nodes}");
        JsonElement after = await Tool.SimulateJsonAsync("list", "--nodes", $"{nodes}", "--mutate");

        Assert.NotEqual(Number(before, "sum"), Number(after, "sum"));
        Assert.Equal((ulong)nodes, Number(after, "nodes"));
        Assert.Equal((8UL, 0UL), (Number(after, "walks"), Number(after, "unmaps_during_walks")));
        Assert.True(Number(after, "idle_changes") > 0);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(3000)]
    public async Task Walks_during_changes_see_states_that_the_list_had(int nodes)
    {
        JsonElement document = await Tool.SimulateJsonAsync("list", "--nodes", $"{nodes}", "--mutate", "--parallel", "--sms", "2");

        Assert.True(Number(document, "walks") >= 6);
        Assert.True(Number(document, "changes_during_walks") > 0);
        Assert.True(document.GetProperty("counters").GetProperty("invalidations").GetInt64() > 0);
    }

    private static ulong Number(JsonElement document, string name) => document.GetProperty("result").GetProperty(name).GetUInt64();
}
