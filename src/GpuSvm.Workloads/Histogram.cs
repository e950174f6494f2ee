namespace GpuSvm.Workloads;

/// <summary>Counts how often each byte value occurs, on the GPU.</summary>
public static class Histogram
{
    /// <summary>Number of counters: one for each value of a byte.</summary>
    public const int Values = 256;

    /// <summary>Size of a table of counters in bytes.</summary>
    public const ulong TableBytes = Values * sizeof(long);

    /// <summary>Bytes that one thread counts at a time: a page.</summary>
    public const int ChunkBytes = (int)Page.Size;

    /// <summary>The kernel, for any grid: each thread counts into its own table, then adds that to the result.</summary>
    public static async GpuTask Kernel(GpuThread t, HistogramArgs a)
    {
        ulong own = a.Partials + ((ulong)t.GlobalIndex * TableBytes);
        for (long chunk = t.GlobalIndex * ChunkBytes; chunk < a.Length; chunk += t.GridSize * ChunkBytes)
        {
            long end = Math.Min(chunk + ChunkBytes, a.Length);
            for (long at = chunk; at < end; at += 8)
            {
                ulong bytes = await t.Load<ulong>(a.Data + (ulong)at);
                for (long left = Math.Min(8, end - at); left > 0; left--)
                {
                    ulong counter = own + (8 * (bytes & 0xff));
                    await t.Store(counter, 1 + await t.Load<long>(counter));
                    bytes >>= 8;
                }
            }
        }

        for (ulong offset = 0; offset < TableBytes; offset += 8)
        {
            long count = await t.Load<long>(own + offset);
            if (count != 0)
            {
                await t.AtomicAdd(a.Counts + offset, count);
            }
        }
    }
}
