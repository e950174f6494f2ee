namespace GpuSvm.Live.Programs.Kernels;

/// <summary>Kernels that work on memory of malloc and the like.</summary>
public static class AdoptedKernels
{
    /// <summary>Walks a list of { next, value }, adds up its values, adds to each, and stores the sum.</summary>
    public static async GpuTask SumAndAdd(GpuThread t, ListArgs a)
    {
        long sum = 0;
        for (VirtualAddress node = a.First; node.Value != 0; node = await t.Load<ulong>(node))
        {
            long value = await t.Load<long>(node + 8);
            sum += value;
            await t.Store(node + 8, value + a.Added);
        }

        await t.Store(a.Sum, sum);
    }

    /// <summary>Adds 1 to words again and again: to its own plainly, to one that the CPU adds to as well by an atomic.</summary>
    public static async GpuTask Count(GpuThread t, CountArgs a)
    {
        for (int round = 0; round < a.Rounds; round++)
        {
            VirtualAddress own = a.Words + ((ulong)(((round * t.GridSize) + t.GlobalIndex) % a.Pages) * 4096) + (8 * (ulong)(1 + t.GlobalIndex));
            long value = await t.Load<long>(own);
            await t.Store(own, value + 1);
            await t.AtomicAdd(a.Words + ((ulong)(round % a.Pages) * 4096), 1L);
        }
    }
}

/// <summary>A list, and where its sum goes.</summary>
public readonly record struct ListArgs(VirtualAddress First, VirtualAddress Sum, long Added);

/// <summary>Pages of words.</summary>
public readonly record struct CountArgs(VirtualAddress Words, int Pages, int Rounds);
