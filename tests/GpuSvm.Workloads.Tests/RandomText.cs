using System.Text;

namespace GpuSvm.Workloads.Tests;

/// <summary>Texts in which everything that matters to a word counter is frequent.</summary>
internal static class RandomText
{
    private static readonly byte[][] Pieces =
    [
        " "u8.ToArray(), "\n"u8.ToArray(), "\t"u8.ToArray(), "\r\n"u8.ToArray(), "\v\f"u8.ToArray(),
        "a"u8.ToArray(), "word"u8.ToArray(), "a longer stretch of plain words that fills whole groups of eight bytes "u8.ToArray(),
        "~"u8.ToArray(), [0x00], [0x01, 0x7f], [0x1c],
        "é"u8.ToArray(), "語"u8.ToArray(), "😀"u8.ToArray(), "—"u8.ToArray(),
        "\u00a0"u8.ToArray(), "\u2003"u8.ToArray(), "\u3000"u8.ToArray(), "\u2060"u8.ToArray(), "\u2028"u8.ToArray(), "\u0085"u8.ToArray(),
    ];

    private static readonly byte[][] Broken = [[0x80], [0xff], [0xe2, 0x80], [0xf0, 0x9f, 0x98], [0xc0, 0xaf], [0xed, 0xa0, 0x80]];

    /// <summary>Valid UTF-8 of at least <paramref name="length"/> bytes.</summary>
    public static byte[] Valid(SeededRandom random, int length) => Build(random, length, Pieces);

    /// <summary>The same with bytes among it that are not UTF-8.</summary>
    public static byte[] WithBrokenSequences(SeededRandom random, int length) => Build(random, length, [.. Pieces, .. Broken]);

    /// <summary>Lines of words of ASCII letters.</summary>
    public static byte[] Ascii(SeededRandom random, int length)
    {
        var text = new StringBuilder();
        while (text.Length < length)
        {
            text.Append((char)('a' + random.Next(26)), 1 + random.Next(12)).Append(random.Next(9) == 0 ? '\n' : ' ');
        }

        return Encoding.ASCII.GetBytes(text.ToString());
    }

    private static byte[] Build(SeededRandom random, int length, byte[][] pieces)
    {
        List<byte> text = [];
        while (text.Count < length)
        {
            text.AddRange(pieces[random.Next(pieces.Length)]);
        }

        return [.. text];
    }
}
