using System.Globalization;
using System.Text;
using System.Text.Json;
using GpuSvm.Core;

namespace GpuSvm.Cli.Tests;

public sealed class WordCountTests
{
    [Theory]
    [InlineData("ascii")]
    [InlineData("unicode")]
    [InlineData("one word")]
    [InlineData("one byte")]
    [InlineData("no line feed at the end")]
    public async Task Lines_and_words_are_those_of_wc(string kind)
    {
        using var file = new TemporaryFile(Text(kind));
        JsonElement sequential = await Tool.SimulateJsonAsync("wordcount", file.Path);
        JsonElement parallel = await Tool.SimulateJsonAsync("wordcount", file.Path, "--parallel", "--sms", "2");

        (long lines, long words) = Counts(sequential);
        Assert.Equal((lines, words), Counts(parallel));
        if (await WcAsync(file.Path) is { } expected)
        {
            Assert.Equal(expected, (lines, words));
        }
    }

    [Fact]
    public async Task The_gpu_maps_at_least_the_pages_of_the_input()
    {
        using var file = new TemporaryFile(Text("ascii"));
        long pages = (new FileInfo(file.Path).Length + 4095) / 4096;

        JsonElement document = await Tool.SimulateJsonAsync("wordcount", file.Path);

        Assert.InRange(document.GetProperty("counters").GetProperty("pages_mapped").GetInt64(), pages, 2 * pages);
        Assert.Equal(0, document.GetProperty("counters").GetProperty("cancels").GetInt64());
    }

    /// <summary>What GNU wc counts; null where there is none.</summary>
    private static async Task<(long Lines, long Words)?> WcAsync(string path)
    {
        if (!File.Exists("/usr/bin/wc"))
        {
            return null;
        }

        ToolResult result = await Tool.StartAsync("/usr/bin/wc", "-l", "-w", path);
        string[] fields = result.Output.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return (long.Parse(fields[0], CultureInfo.InvariantCulture), long.Parse(fields[1], CultureInfo.InvariantCulture));
    }

    private static (long Lines, long Words) Counts(JsonElement document) =>
        (document.GetProperty("result").GetProperty("lines").GetInt64(), document.GetProperty("result").GetProperty("words").GetInt64());

    private static byte[] Text(string kind) => kind switch
    {
        "ascii" => Encoding.ASCII.GetBytes(Random(["word", "a", " ", "  ", "\n", "\t", "\r\n", "punctuation, ", "\u0001"], 200_000)),
        "unicode" => Encoding.UTF8.GetBytes(
            Random(["語", "é", " ", "\n", "\u00a0", "\u3000", "—", "😀", "naïve ", "\u2060", "\u2028"], 60_000)),
        "one word" => Encoding.ASCII.GetBytes(new string('x', 50_000)),
        "one byte" => "x"u8.ToArray(),
        _ => "the last line has\nno line feed"u8.ToArray(),
    };

    private static string Random(string[] pieces, int count)
    {
        var random = new SeededRandom(17);
        var text = new StringBuilder();
        for (int i = 0; i < count; i++)
        {
            text.Append(pieces[random.Next(pieces.Length)]);
        }

        return text.ToString();
    }
}
