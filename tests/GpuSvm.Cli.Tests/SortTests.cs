using System.Text.Json;

namespace GpuSvm.Cli.Tests;

public sealed class SortTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(20_000)]
    public async Task Both_ways_of_execution_sort_the_same_numbers(int count)
    {
        string[] arguments = ["run", "sort", "--count", $"{count}", "--seed", "5", "--simulate"];

        JsonElement sequential = await Tool.RunJsonAsync(arguments);
        JsonElement parallel = await Tool.RunJsonAsync([.. arguments, "--parallel"]);

        Assert.Equal(sequential.GetProperty("result").GetRawText(), parallel.GetProperty("result").GetRawText());
        Assert.Equal(count, sequential.GetProperty("input").GetProperty("count").GetInt32());
        Assert.Equal(Expected(count, seed: 5), Result(sequential));
    }

    [Fact]
    public async Task The_text_form_shows_the_ends_and_the_middle()
    {
        ToolResult result = await Tool.SimulateAsync("sort", "--count", "1000");

        (uint smallest, uint median, uint largest) = Expected(1000, seed: 1);
        Assert.Equal(0, result.ExitCode);
        Assert.StartsWith(
            $"1000 numbers from {smallest} to {largest}, in the middle {median}\nverified: equals a plain CPU computation\n", result.Output);
    }

    private static (uint Smallest, uint Median, uint Largest) Expected(int count, ulong seed)
    {
        var random = new Core.SeededRandom(seed);
        uint[] numbers = [.. Enumerable.Range(0, count).Select(_ => (uint)random.Next(1UL << 32)).Order()];
        return (numbers[0], numbers[count / 2], numbers[^1]);
    }

    private static (uint Smallest, uint Median, uint Largest) Result(JsonElement document)
    {
        JsonElement result = document.GetProperty("result");
        return (result.GetProperty("smallest").GetUInt32(), result.GetProperty("median").GetUInt32(), result.GetProperty("largest").GetUInt32());
    }
}
