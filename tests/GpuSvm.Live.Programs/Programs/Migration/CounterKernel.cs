using GpuSvm.Core;

namespace GpuSvm.Live.Programs.Migration;

/// <summary>Counters that threads of both sides add to: on each page a word of each, and one that they share.</summary>
internal static class CounterKernel
{
    /// <summary>Number of words of 8 bytes that belong to threads of the CPU; those of the GPU follow, then the shared one.</summary>
    public const int CpuWords = 4;

    /// <summary>Number of threads of the GPU.</summary>
    public const int GpuThreads = 4;

    /// <summary>Index of the word that all add to.</summary>
    public const int Shared = CpuWords + GpuThreads;

    /// <summary>Address of a word of a page.</summary>
    public static VirtualAddress At(VirtualAddress start, long page, int word) => start + ((ulong)page * Page.Size) + ((ulong)word * sizeof(long));

    /// <summary>Each thread goes through the pages and adds 1 to its word and to the shared one.</summary>
    public static async GpuTask Add(GpuThread t, CounterArgs a)
    {
        for (int round = 0; round < a.Rounds; round++)
        {
            for (long i = 0; i < a.Pages; i++)
            {
                long page = (i + (t.GlobalIndex * a.Pages / GpuThreads)) % a.Pages;
                VirtualAddress own = At(a.Base, page, CpuWords + (int)t.GlobalIndex);
                await t.Store(own, await t.Load<long>(own) + 1);
                await t.AtomicAdd(At(a.Base, page, Shared), 1L);
            }

            await t.Yield();
        }
    }
}
