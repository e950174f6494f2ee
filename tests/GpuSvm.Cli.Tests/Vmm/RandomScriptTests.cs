using GpuSvm.Core;

namespace GpuSvm.Cli.Tests.Vmm;

/// <summary>Whatever the words of a script are, each line gets a result, books and tables agree, and nothing is left behind.</summary>
public sealed class RandomScriptTests
{
    private const int LinesOfAScript = 1_000;

    private static readonly string[] Operations =
    [
        "new", "mem", "memput", "get", "get", "get", "sparse", "put", "map", "map", "map", "unmap", "pfnmap", "pfnmap", "pfnmap",
        "pfnunmap", "xlat", "ref", "unref", "fail", "ptlimit", "digest", "check", "bogus",
    ];

    private static readonly string[] Words =
    [
        "0", "1", "2", "12", "16", "21", "0x1000", "0x2000", "0x10000", "0x1f0000", "0x200000", "0x400000", "0x1800", "29", "63", "64",
        "255", "0x1ffffffff000", "0x1000000000000", "0x2000000000000", "0xfffffffffffff000", "0xffffffffffffffff", "0x10000000000000000",
        "-1", "x", "managed", "unmanaged", "vram", "host", "ncoh", "dma", "pt", "sw", "vma", "1+", "ro", "vol", "priv", "kind=0xfe",
        "kind=9", "1*0x200003", "2*0x200013+0x1000", "16*0x1000007+0x1000", "1*0", "512*0x400003+0x1000", "1*", "#",
    ];

    [Theory]
    [InlineData(1UL)]
    [InlineData(2UL)]
    [InlineData(3UL)]
    [InlineData(4UL)]
    public void Lines_of_any_words_get_a_result_each(ulong seed)
    {
        var random = new SeededRandom(seed);
        List<string> script = ["new unmanaged 0 0"];
        for (int i = 1; i < LinesOfAScript; i++)
        {
            script.Add(Shaped(random));
        }

        string[] lines = ScriptRun.Lines(string.Join('\n', script));

        Assert.Equal(LinesOfAScript + 1, lines.Length);
        Assert.All(lines.SkipLast(1).Zip(script), pair => Assert.Contains($" {pair.Second.Split(' ')[0]} ", pair.First));
        Assert.DoesNotContain(lines, line => line.Contains(" check ok bad "));
        Assert.EndsWith(" teardown ok pt=0 sw=0 mem=0 dma=0 warn=0", lines[^1]);
    }

    /// <summary>A line that often parses: half of the time as many words of the right kind as its operation takes.</summary>
    private static string Shaped(SeededRandom random)
    {
        string operation = Pick(random, Operations);
        return random.Next(8) == 0
            ? $"{operation} {string.Join(' ', Enumerable.Range(0, random.Next(8)).Select(_ => Pick(random, Words)))}"
            : operation switch
            {
                "mem" => $"mem {random.Next(4)} {Target(random)} 0x{random.Next(1 << 20):x}00000 0x400000 {Shift(random)}",
                "memput" => $"memput {random.Next(4)}",
                "get" => $"get {random.Next(2)} {random.Next(2)} {random.Next(2)} {Shift(random)} {Shift(random)} {Size(random)}",
                "sparse" => $"sparse {Size(random)} {Shift(random)}",
                "map" => $"map {Address(random)} {Size(random)} {random.Next(4)} {Pick(random, "0", "0x1000", "0x10000", "0x200000")}",
                "pfnmap" when random.Next(2) == 0 => $"pfnmap 21 {Address(random)} 0x200000 1*0x{random.Next(1 << 20):x}00003",
                "pfnmap" => $"pfnmap 12 {Address(random)} 0x10000 {random.Next(16)}*0x1000007+0x1000 16*0x200013",
                "pfnunmap" => $"pfnunmap {Address(random)} {Size(random)}",
                "fail" => $"fail {Pick(random, "pt", "sw", "vma")} {random.Next(5)}",
                "ptlimit" => $"ptlimit {Pick(random, "0", "0", "9")}",
                "put" or "unmap" or "xlat" => $"{operation} {Address(random)}",
                _ => operation,
            };
    }

    private static string Target(SeededRandom random) => Pick(random, "vram", "host", "ncoh", "dma");

    private static string Address(SeededRandom random) =>
        Pick(random, "0", "0x1000", "0x10000", "0x1f0000", "0x1ff000", "0x200000", "0x210000", "0x400000", "0x600000", "0x20000000");

    private static string Size(SeededRandom random) =>
        Pick(random, "0x1000", "0x2000", "0x10000", "0x20000", "0x200000", "0x210000", "0x400000", "0x20000000", "0x1800");

    private static string Shift(SeededRandom random) => Pick(random, "0", "0", "12", "16", "21");

    private static string Pick(SeededRandom random, params ReadOnlySpan<string> words) => words[random.Next(words.Length)];
}
