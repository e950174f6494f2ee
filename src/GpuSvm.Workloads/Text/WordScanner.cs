using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace GpuSvm.Workloads;

/// <summary>Counts lines and words of one chunk of UTF-8 text, eight bytes at a time, without knowing what stands before it.</summary>
/// <remarks>
/// <para>
/// A chunk may begin in the middle of a word or of a character. UTF-8 decides at each byte alone whether a character begins there, and
/// that character belongs to the chunk of its first byte; <see cref="OpensWithWord"/> and <see cref="Last"/> let the neighbours be joined:
/// a word that runs on over a border is counted on both sides, once too often.
/// </para>
/// <para>
/// Eight ASCII bytes are classed at once: adding 128 - k to a byte below 128 sets its top bit exactly if the byte is at least k, and no
/// carry leaves the byte.
/// </para>
/// </remarks>
public struct WordScanner
{
    private const ulong Ones = 0x0101010101010101;
    private const ulong Tops = 0x80 * Ones;

    /// <summary>Number of line feeds so far.</summary>
    public int Lines { get; private set; }

    /// <summary>Number of words that begin here, as if a separator stood before the chunk.</summary>
    public int Words { get; private set; }

    /// <summary>True if the first character that is not neutral is a printable one.</summary>
    public bool OpensWithWord { get; private set; }

    /// <summary>Class of the last character that is not neutral; <see cref="WordClass.Neutral"/> when there is none.</summary>
    public WordClass Last { get; private set; }

    /// <summary>Counts the next bytes.</summary>
    /// <param name="bytes">The bytes, the first one lowest; behind <paramref name="count"/> zero, or what follows in the text.</param>
    /// <param name="following">The eight bytes behind them, for a character that begins here; zero behind the end of the text.</param>
    /// <param name="count">How many of the bytes belong to the chunk, 1 to 8.</param>
    public void Feed(ulong bytes, ulong following, int count)
    {
        unchecked
        {
            ulong separators = (AtLeast(bytes, '\t') & ~AtLeast(bytes, '\r' + 1)) | (AtLeast(bytes, ' ') & ~AtLeast(bytes, ' ' + 1));
            ulong printable = AtLeast(bytes, ' ' + 1) & ~AtLeast(bytes, 0x7f);
            if (count != 8 || (bytes & Tops) != 0 || (separators | printable) != Tops)
            {
                FeedOneByOne(bytes, following, count);
                return;
            }

            if (Last == WordClass.Neutral)
            {
                OpensWithWord = (printable & 0x80) != 0;
            }

            ulong before = (printable << 8) | (Last == WordClass.Printable ? 0x80UL : 0);
            Words += BitOperations.PopCount(printable & ~before);
            Lines += BitOperations.PopCount(AtLeast(bytes, '\n') & ~AtLeast(bytes, '\n' + 1) & Tops);
            Last = (printable >> 63) != 0 ? WordClass.Printable : WordClass.Separator;
        }
    }

    /// <summary>In the top bit of each byte: whether the byte, which is below 128, is at least <paramref name="least"/>.</summary>
    private static ulong AtLeast(ulong bytes, int least) => unchecked((bytes + ((ulong)(0x80 - least) * Ones)) & Tops);

    private void FeedOneByOne(ulong bytes, ulong following, int count)
    {
        Span<byte> window = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(window, bytes);
        BinaryPrimitives.WriteUInt64LittleEndian(window[8..], following);
        for (int i = 0; i < count; i++)
        {
            byte first = window[i];
            Feed(first < 0x80 ? WordClasses.OfAscii(first) : ClassAt(window[i..]));
            Lines += first == '\n' ? 1 : 0;
        }
    }

    /// <summary>The class of the character that begins here; continuation bytes and broken sequences are neutral.</summary>
    private static WordClass ClassAt(ReadOnlySpan<byte> text) =>
        Rune.DecodeFromUtf8(text, out Rune character, out _) == OperationStatus.Done ? WordClasses.Of(character) : WordClass.Neutral;

    private void Feed(WordClass next)
    {
        if (next == WordClass.Neutral)
        {
            return;
        }

        if (next == WordClass.Printable && Last != WordClass.Printable)
        {
            Words++;
            OpensWithWord |= Last == WordClass.Neutral;
        }

        Last = next;
    }
}
