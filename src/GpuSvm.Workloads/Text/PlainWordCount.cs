using System.Buffers;
using System.Text;

namespace GpuSvm.Workloads;

/// <summary>Lines and words of a text, counted by one CPU thread from start to end: what the kernel's result is compared with.</summary>
public static class PlainWordCount
{
    private const int BlockBytes = 1 << 20;

    /// <summary>Counts to the end of the stream, block by block.</summary>
    public static TextTotals Count(Stream text)
    {
        byte[] block = new byte[BlockBytes];
        long lines = 0;
        long words = 0;
        bool inWord = false;
        int kept = 0;
        while (true)
        {
            int read = text.Read(block, kept, block.Length - kept);
            ReadOnlySpan<byte> rest = block.AsSpan(0, kept + read);
            while (!rest.IsEmpty)
            {
                OperationStatus status = Rune.DecodeFromUtf8(rest, out Rune character, out int consumed);
                if (status == OperationStatus.NeedMoreData && read > 0)
                {
                    break;
                }

                rest = rest[consumed..];
                if (status == OperationStatus.Done)
                {
                    lines += character.Value == '\n' ? 1 : 0;
                    WordClass kind = WordClasses.Of(character);
                    words += kind == WordClass.Printable && !inWord ? 1 : 0;
                    inWord = kind == WordClass.Neutral ? inWord : kind == WordClass.Printable;
                }
            }

            if (read == 0)
            {
                return new TextTotals(lines, words);
            }

            // What is left is the beginning of a character that goes on in the next block.
            kept = rest.Length;
            rest.CopyTo(block);
        }
    }
}
