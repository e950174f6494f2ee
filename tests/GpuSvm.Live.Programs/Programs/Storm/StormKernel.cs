namespace GpuSvm.Live.Programs.Storm;

/// <summary>The GPU's part in the storm. A wrong byte ends the launch.</summary>
internal static class StormKernel
{
    /// <summary>Counts, checks what the CPU stored, touches discarded pages first, and reads pages that are being written.</summary>
    public static async GpuTask Run(GpuThread t, StormArgs a)
    {
        ulong thread = (ulong)t.GlobalIndex;
        await t.AtomicAdd(a.Counters + (8 * thread), 1L);
        Expect(a.Round, await t.Load<long>(CpuWord(a.Counters, thread)), "a word that the CPU stored");

        VirtualAddress fresh = FreshWord(a, thread);
        Expect(0, await t.Load<long>(fresh), "a word of a discarded page");
        await t.Store(fresh, FreshValue(a.Round, thread));

        ulong page = unchecked(((ulong)a.Round * 31) + thread) % (ulong)a.TouchedPages;
        ulong index = unchecked(((ulong)a.Round * 7) + thread) % StormPage.Words;
        ulong found = await t.Load<ulong>(a.Touched + (page << Page.Shift) + (8 * index));
        if (found != 0 && (found >> StormPage.IdShift != page + 1 || (found & 4095) != index))
        {
            throw new InvalidOperationException($"word {index} of page {page} reads 0x{found:x}");
        }
    }

    /// <summary>The word that the CPU stores for a thread.</summary>
    public static VirtualAddress CpuWord(VirtualAddress counters, ulong thread) => counters + 2048 + (8 * thread);

    /// <summary>The word of a discarded page that a thread touches.</summary>
    public static VirtualAddress FreshWord(in StormArgs a, ulong thread) =>
        a.Fresh + ((thread % (ulong)a.FreshPages) << Page.Shift) + (8 * thread);

    /// <summary>What a thread stores there.</summary>
    public static long FreshValue(long round, ulong thread) => (round << 16) | (long)thread;

    private static void Expect(long expected, long found, string what)
    {
        if (expected != found)
        {
            throw new InvalidOperationException($"{what} reads {found}, not {expected}");
        }
    }
}
