using GpuSvm.Cli.Vmm.Language;

namespace GpuSvm.Cli.Tests.Vmm;

/// <summary>Lines of any length are told apart, and long ones do not fill the memory.</summary>
public sealed class LineReaderTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("\n", "()")]
    [InlineData("a", "(a)")]
    [InlineData("a\nb", "(a)(b)")]
    [InlineData("a\n\nb\n", "(a)()(b)")]
    public void A_line_ends_with_a_line_feed_or_with_the_text(string text, string expected) => Assert.Equal(expected, Read(text, 100));

    [Theory]
    [InlineData(4_095)]
    [InlineData(4_096)]
    [InlineData(4_097)]
    [InlineData(100_000)]
    public void Lines_of_any_length_are_read_whole(int length)
    {
        string line = new('x', length);

        Assert.Equal($"(a)({line})(b)({line})", Read($"a\n{line}\nb\n{line}", 1 << 20));
    }

    [Fact]
    public void Of_a_line_that_is_too_long_only_the_beginning_is_kept()
    {
        string beginning = new('x', 256);

        Assert.Equal($"(a)[{beginning}](b)", Read($"a\n{new string('x', 1_000_000)}\nb", 10_000));
        Assert.Equal($"[{beginning}]", Read(new string('x', 1_000_000), 10_000));
    }

    private static string Read(string text, int longest)
    {
        var reader = new LineReader(new StringReader(text), longest);
        string read = "";
        while (reader.TryRead(out ReadOnlySpan<char> line, out bool isWhole))
        {
            read += isWhole ? $"({line})" : $"[{line}]";
        }

        return read;
    }
}
