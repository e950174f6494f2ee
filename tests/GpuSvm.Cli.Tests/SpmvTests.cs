using System.Text.Json;

namespace GpuSvm.Cli.Tests;

public sealed class SpmvTests
{
    private const string Identity = "%%MatrixMarket matrix coordinate pattern general\n% ones\n3 3 3\n1 1\n2 2\n3 3\n";
    private const string Symmetric = "%%MatrixMarket matrix coordinate real symmetric\n3 3 3\n1 1 2.5\n3 1 -1\n3 2 4\n";

    [Fact]
    public async Task The_identity_gives_the_random_vector_itself()
    {
        using var file = new TemporaryFile(Identity);

        JsonElement document = await Tool.SimulateJsonAsync("spmv", file.Path, "--seed", "5");

        ExpectProduct(Vector(3, seed: 5), document);
    }

    [Fact]
    public async Task A_symmetric_matrix_is_multiplied_with_its_mirror_images_in_both_ways_of_execution()
    {
        using var file = new TemporaryFile(Symmetric);

        JsonElement sequential = await Tool.SimulateJsonAsync("spmv", file.Path);
        JsonElement parallel = await Tool.SimulateJsonAsync("spmv", file.Path, "--parallel");

        double[] x = Vector(3, seed: 1);
        ExpectProduct([(2.5 * x[0]) - x[2], 4 * x[2], (4 * x[1]) - x[0]], sequential);
        Assert.Equal(sequential.GetProperty("result").GetRawText(), parallel.GetProperty("result").GetRawText());
        JsonElement input = sequential.GetProperty("input");
        Assert.Equal((3, 3, 5), (Number(input, "rows"), Number(input, "columns"), Number(input, "entries")));
    }

    [Fact]
    public async Task A_matrix_without_entries_gives_zeros_and_the_text_form_shows_them()
    {
        using var file = new TemporaryFile("%%MatrixMarket matrix coordinate real general\n40 3 0\n");

        ToolResult result = await Tool.SimulateAsync("spmv", file.Path);

        Assert.Equal(0, result.ExitCode);
        Assert.StartsWith(
            "0 entries in 40 rows and 3 columns\nelements of the product from 0 to 0, sum 0\nverified: equals a plain CPU computation\n",
            result.Output);
    }

    [Theory]
    [InlineData(
        "1 2\n",
        "line 1: '1 2': expected '%%MatrixMarket matrix coordinate real|integer|pattern general|symmetric'")]
    [InlineData(
        "%%MatrixMarket matrix coordinate real general\n2 2 1\n3 1 1\n",
        "line 3: '3 1 1': expected a row from 1 to 2 and a column from 1 to 2")]
    [InlineData("%%MatrixMarket matrix coordinate real general\n2 2 1\n", "line 3: the file ends: 0 entries, expected 1")]
    public async Task A_malformed_matrix_is_refused(string text, string expected)
    {
        using var file = new TemporaryFile(text);

        ToolResult result = await Tool.SimulateAsync("spmv", file.Path);

        Assert.Equal((2, "", $"gpusvm: {file.Path}: {expected}\n"), (result.ExitCode, result.Output, result.Error));
    }

    private static double[] Vector(int length, ulong seed)
    {
        var random = new Core.SeededRandom(seed);
        return [.. Enumerable.Range(0, length).Select(_ => Math.ScaleB(random.Next(1UL << 53), -53))];
    }

    private static void ExpectProduct(double[] expected, JsonElement document)
    {
        JsonElement result = document.GetProperty("result");
        Assert.Equal(expected.Min(), result.GetProperty("smallest").GetDouble(), precision: 12);
        Assert.Equal(expected.Max(), result.GetProperty("largest").GetDouble(), precision: 12);
        Assert.Equal(expected.Sum(), result.GetProperty("sum").GetDouble(), precision: 12);
    }

    private static int Number(JsonElement element, string name) => element.GetProperty(name).GetInt32();
}
