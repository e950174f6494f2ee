namespace GpuSvm.Workloads;

/// <summary>A byte histogram by one CPU thread: what the kernel's result is compared with.</summary>
public static class PlainHistogram
{
    private const int BlockBytes = 1 << 20;

    /// <summary>Counts to the end of the stream.</summary>
    /// <returns>256 counts, by byte value.</returns>
    public static long[] Count(Stream data)
    {
        byte[] block = new byte[BlockBytes];
        long[] counts = new long[Histogram.Values];
        for (int read = data.Read(block); read > 0; read = data.Read(block))
        {
            foreach (byte value in block.AsSpan(0, read))
            {
                counts[value]++;
            }
        }

        return counts;
    }
}
