using System.Buffers.Binary;
using System.Text;

namespace GpuSvm.Workloads.Tests.Text;

public sealed class WordScannerTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Chunks_of_any_size_joined_count_what_one_pass_counts(ulong seed)
    {
        var random = new SeededRandom(seed);
        for (int round = 0; round < 400; round++)
        {
            int length = 1 + random.Next(300);
            byte[] text = random.Next(3) switch
            {
                0 => RandomText.Ascii(random, length),
                1 => RandomText.Valid(random, length),
                _ => RandomText.WithBrokenSequences(random, length),
            };
            int chunkBytes = 1 + random.Next(64);

            TextTotals expected = PlainWordCount.Count(new MemoryStream(text));

            Assert.True(
                expected == CountInChunks(text, chunkBytes),
                $"seed {seed}, round {round}, chunks of {chunkBytes}: {Convert.ToHexString(text)}");
        }
    }

    [Fact]
    public void Every_ascii_byte_in_every_place_has_its_class()
    {
        for (int value = 0; value < 0x80; value++)
        {
            for (int place = 0; place < 8; place++)
            {
                byte[] text = Encoding.ASCII.GetBytes("a b cd e");
                text[place] = (byte)value;

                Assert.Equal(PlainWordCount.Count(new MemoryStream(text)), CountInChunks(text, chunkBytes: 8));
            }
        }
    }

    [Fact]
    public void A_chunk_of_neutral_bytes_has_no_class_at_its_ends()
    {
        var scanner = new WordScanner();

        scanner.Feed(0x80_80_80_80_00_00_00_00, following: 0, count: 8);

        Assert.Equal((0, 0, false, WordClass.Neutral), (scanner.Lines, scanner.Words, scanner.OpensWithWord, scanner.Last));
    }

    private static TextTotals CountInChunks(byte[] text, int chunkBytes)
    {
        long lines = 0;
        long words = 0;
        WordClass last = WordClass.Neutral;
        for (int start = 0; start < text.Length; start += chunkBytes)
        {
            var scanner = new WordScanner();
            int end = Math.Min(start + chunkBytes, text.Length);
            for (int at = start; at < end; at += 8)
            {
                scanner.Feed(Eight(text, at), Eight(text, at + 8), Math.Min(8, end - at));
            }

            lines += scanner.Lines;
            words += scanner.Words - (scanner.OpensWithWord && last == WordClass.Printable ? 1 : 0);
            last = scanner.Last == WordClass.Neutral ? last : scanner.Last;
        }

        return new TextTotals(lines, words);
    }

    private static ulong Eight(byte[] text, int at)
    {
        byte[] bytes = new byte[8];
        if (at < text.Length)
        {
            text.AsSpan(at, Math.Min(8, text.Length - at)).CopyTo(bytes);
        }

        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }
}
