using System.Text.Json;

namespace GpuSvm.Cli.Tests;

public sealed class HashJoinTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5000)]
    public async Task Both_ways_of_execution_find_the_pairs_of_a_plain_join(int rows)
    {
        string[] arguments = ["run", "hashjoin", "--rows", $"{rows}", "--seed", "5", "--simulate"];

        JsonElement sequential = await Tool.RunJsonAsync(arguments);
        JsonElement parallel = await Tool.RunJsonAsync([.. arguments, "--parallel"]);

        Assert.Equal(rows, sequential.GetProperty("input").GetProperty("rows").GetInt32());
        Assert.Equal(Expected(rows, seed: 5), Result(sequential));
        Assert.Equal(Expected(rows, seed: 5), Result(parallel));
    }

    [Fact]
    public async Task The_text_form_shows_how_many_rows_have_partners()
    {
        ToolResult result = await Tool.SimulateAsync("hashjoin", "--rows", "1000");

        (int pairs, int left, int right) = Expected(1000, seed: 1);
        Assert.Equal(0, result.ExitCode);
        Assert.StartsWith(
            $"{pairs} pairs, of {left} rows of the left table and {right} of the right; 1000 rows each\nverified: equals a plain CPU computation\n",
            result.Output);
    }

    private static (int Pairs, int LeftRows, int RightRows) Expected(int rows, ulong seed)
    {
        var random = new Core.SeededRandom(seed);
        int[] left = [.. Enumerable.Range(0, rows).Select(_ => random.Next(rows))];
        int[] right = [.. Enumerable.Range(0, rows).Select(_ => random.Next(rows))];
        return (left.Join(right, key => key, key => key, (key, _) => key).Count(), left.Count(right.Contains), right.Count(left.Contains));
    }

    private static (int Pairs, int LeftRows, int RightRows) Result(JsonElement document)
    {
        JsonElement result = document.GetProperty("result");
        return (result.GetProperty("pairs").GetInt32(), result.GetProperty("left_rows").GetInt32(), result.GetProperty("right_rows").GetInt32());
    }
}
