using System.Text.Json;

namespace GpuSvm.Cli.Tests;

public sealed class StreamTests
{
    [Theory]
    [InlineData("1", 12_288, 512)]
    [InlineData("12K", 12_288, 512)]
    [InlineData("300000", 307_200, 12_800)]
    public async Task Sizes_are_rounded_up_to_whole_pages_of_three_arrays(string size, long bytes, long elements)
    {
        JsonElement sequential = await Tool.SimulateJsonAsync("stream", "--size", size);
        JsonElement parallel = await Tool.SimulateJsonAsync("stream", "--size", size, "--parallel");

        JsonElement input = sequential.GetProperty("input");
        Assert.Equal((bytes, elements), (input.GetProperty("bytes").GetInt64(), input.GetProperty("elements").GetInt64()));
        Assert.Equal(ExpectedSum((int)elements), sequential.GetProperty("result").GetProperty("sum").GetInt64());
        Assert.Equal(ExpectedSum((int)elements), parallel.GetProperty("result").GetProperty("sum").GetInt64());
        Assert.Equal(bytes / 4096, sequential.GetProperty("counters").GetProperty("pages_mapped").GetInt64());
    }

    [Fact]
    public async Task The_text_form_shows_the_sum()
    {
        ToolResult result = await Tool.SimulateAsync("stream", "--size", "24K");

        Assert.Equal(0, result.ExitCode);
        Assert.StartsWith(
            $"1024 elements of 3 arrays, sum {ExpectedSum(1024)}\nverified: equals a plain CPU computation\n", result.Output);
    }

    private static long ExpectedSum(int elements)
    {
        var random = new Core.SeededRandom(1);
        long b = Enumerable.Range(0, elements).Sum(_ => (long)random.Next(1 << 20));
        long c = Enumerable.Range(0, elements).Sum(_ => (long)random.Next(1 << 20));
        return b + (3 * c);
    }
}
