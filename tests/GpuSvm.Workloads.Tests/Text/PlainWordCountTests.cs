using System.Text;

namespace GpuSvm.Workloads.Tests.Text;

/// <summary>The figures are those of GNU wc 9.1 with LC_ALL=C.UTF-8.</summary>
public sealed class PlainWordCountTests
{
    [Theory]
    [InlineData("", 0, 0)]
    [InlineData("one", 0, 1)]
    [InlineData("one\n", 1, 1)]
    [InlineData("one two\nthree\n\n", 3, 3)]
    [InlineData(" \t\n\v\f\r ", 1, 0)]
    [InlineData("a\u00a0b", 0, 2)]
    [InlineData("a\u2007b\u202fc\u2060d\u3000e", 0, 5)]
    [InlineData("a\u2028b a\u2029b", 0, 2)]
    [InlineData("a\u0085b", 0, 1)]
    [InlineData("\u0001 \u007f \u001c", 0, 0)]
    [InlineData("a\u0001 \u0001b", 0, 2)]
    [InlineData("a\0b", 0, 1)]
    [InlineData("— é 語 😀", 0, 4)]
    [InlineData("\ufeff a", 0, 2)]
    public void Counts_lines_and_words_as_wc_does(string text, long lines, long words) =>
        Assert.Equal(new TextTotals(lines, words), PlainWordCount.Count(new MemoryStream(Encoding.UTF8.GetBytes(text))));

    [Fact]
    public void Bytes_that_are_not_utf8_neither_begin_nor_end_a_word()
    {
        byte[] text = [0xff, (byte)' ', (byte)'a', 0xff, (byte)'b', (byte)' ', 0xe2, 0x80, (byte)' ', 0xe2, 0x80];

        Assert.Equal(new TextTotals(0, 1), PlainWordCount.Count(new MemoryStream(text)));
    }

    [Fact]
    public void A_character_cut_by_the_end_of_a_read_is_put_together()
    {
        byte[] text = Encoding.UTF8.GetBytes("語 é\u3000😀\nx");

        Assert.Equal(new TextTotals(1, 4), PlainWordCount.Count(new DribblingStream(text, bytesPerRead: 1)));
    }
}
