namespace GpuSvm.Tests.Soak;

/// <summary>Arguments of <see cref="SoakKernel"/>.</summary>
internal readonly record struct SoakArgs(ulong Memory, long Pages, ulong Seed, long Touches);

/// <summary>What the GPU does in the soak: each thread adds to words of its own pages, and atomically to words that the CPU adds to too.</summary>
internal static class SoakKernel
{
    /// <summary>Offset in a page of the word that only the GPU writes.</summary>
    public const ulong OwnWord = 0;

    /// <summary>Offset in a page of the word that CPU and GPU write by atomics.</summary>
    public const ulong SharedWord = 8;

    /// <summary>Offset in a page of the first of the words that CPU threads write, one each.</summary>
    public const ulong CpuWords = 16;

    public static async GpuTask Run(GpuThread t, SoakArgs a)
    {
        for (long touch = 0; touch < a.Touches; touch++)
        {
            ulong page = a.Memory + ((ulong)PageOf(a, t.GlobalIndex, t.GridSize, touch) * 4096);
            long seen = await t.Load<long>(page + OwnWord);
            await t.Store(page + OwnWord, seen + 1);
            await t.AtomicAdd(page + SharedWord, 1L);
        }
    }

    /// <summary>Which page a thread touches: one of those that belong to it alone.</summary>
    public static long PageOf(in SoakArgs a, long thread, long threads, long touch)
    {
        unchecked
        {
            ulong x = (a.Seed * 0x9e3779b97f4a7c15) + ((ulong)thread * 0xbf58476d1ce4e5b9) + ((ulong)touch * 0x94d049bb133111eb);
            x = (x ^ (x >> 31)) * 0xff51afd7ed558ccd;
            long own = a.Pages / threads;
            return thread + (threads * (long)((x >> 20) % (ulong)own));
        }
    }
}
