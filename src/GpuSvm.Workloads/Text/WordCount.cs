namespace GpuSvm.Workloads;

/// <summary>Counts the lines and words of a text on the GPU.</summary>
public static class WordCount
{
    /// <summary>Bytes that one thread counts at a time: a page, so that each page is the business of one thread.</summary>
    public const int ChunkBytes = (int)Page.Size;

    /// <summary>Offset of the number of lines in the totals.</summary>
    public const ulong LinesOffset = 0;

    /// <summary>Offset of the number of words in the totals.</summary>
    public const ulong WordsOffset = 8;

    /// <summary>Size of the totals in bytes.</summary>
    public const ulong TotalsBytes = 24;

    private const ulong FinishedOffset = 16;

    // A chunk's record: words in bits 31:0, whether it opens with a word in bit 32, its last class in bits 34:33.
    private const int OpensBit = 32;
    private const int LastBit = 33;

    /// <summary>Number of chunks that a text of <paramref name="length"/> bytes is counted in.</summary>
    public static long ChunkCount(long length) => (length + ChunkBytes - 1) / ChunkBytes;

    /// <summary>The kernel, for any grid: threads take chunks in turn; the last one to finish joins words that cross borders.</summary>
    public static async GpuTask Kernel(GpuThread t, WordCountArgs a)
    {
        long lines = 0;
        long words = 0;
        for (long chunk = t.GlobalIndex; chunk < ChunkCount(a.Length); chunk += t.GridSize)
        {
            long at = chunk * ChunkBytes;
            long end = Math.Min(at + ChunkBytes, a.Length);
            var scanner = new WordScanner();
            ulong bytes = InText(await t.Load<ulong>(a.Text + (ulong)at), a.Length - at);
            for (; at < end; at += 8)
            {
                ulong following = at + 8 < a.Length ? InText(await t.Load<ulong>(a.Text + (ulong)at + 8), a.Length - at - 8) : 0;
                scanner.Feed(bytes, following, (int)Math.Min(8, end - at));
                bytes = following;
            }

            lines += scanner.Lines;
            words += scanner.Words;
            await t.Store(a.Chunks + (8 * (ulong)chunk), Pack(scanner));
        }

        await t.AtomicAdd(a.Totals + LinesOffset, lines);
        await t.AtomicAdd(a.Totals + WordsOffset, words);
        if (await t.AtomicAdd(a.Totals + FinishedOffset, 1L) == t.GridSize - 1)
        {
            await JoinChunks(t, a);
        }
    }

    /// <summary>Takes back the words that were counted on both sides of a border between chunks.</summary>
    private static async GpuTask JoinChunks(GpuThread t, WordCountArgs a)
    {
        long twice = 0;
        WordClass last = WordClass.Neutral;
        for (long chunk = 0; chunk < ChunkCount(a.Length); chunk++)
        {
            ulong record = await t.Load<ulong>(a.Chunks + (8 * (ulong)chunk));
            bool opensWithWord = ((record >> OpensBit) & 1) != 0;
            twice += opensWithWord && last == WordClass.Printable ? 1 : 0;
            WordClass chunkLast = (WordClass)((record >> LastBit) & 3);
            last = chunkLast == WordClass.Neutral ? last : chunkLast;
        }

        await t.AtomicAdd(a.Totals + WordsOffset, -twice);
    }

    private static ulong Pack(in WordScanner chunk) =>
        (uint)chunk.Words | (chunk.OpensWithWord ? 1UL << OpensBit : 0) | ((ulong)chunk.Last << LastBit);

    /// <summary>Clears the bytes that lie behind the end of the text.</summary>
    private static ulong InText(ulong bytes, long left) => left >= 8 ? bytes : bytes & ((1UL << (int)(8 * left)) - 1);
}
