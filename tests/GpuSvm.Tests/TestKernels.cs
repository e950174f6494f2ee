namespace GpuSvm.Tests;

/// <summary>Small kernels that the tests of the whole machine run.</summary>
internal static class TestKernels
{
    /// <summary>Adds one to every int of an array.</summary>
    public static async GpuTask Increment(GpuThread t, ArrayArgs a)
    {
        for (long i = t.GlobalIndex; i < a.Count; i += t.GridSize)
        {
            await t.Store(a.Base + (4 * i), 1 + await t.Load<int>(a.Base + (4 * i)));
        }
    }

    /// <summary>Adds the ints of an array up in a long.</summary>
    public static async GpuTask Sum(GpuThread t, SumArgs a)
    {
        long sum = 0;
        for (long i = t.GlobalIndex; i < a.Count; i += t.GridSize)
        {
            sum += await t.Load<int>(a.Base + (4 * i));
        }

        await t.AtomicAdd(a.Result, sum);
    }

    /// <summary>Loads one int from each of a number of pages.</summary>
    public static async GpuTask TouchPages(GpuThread t, ArrayArgs a)
    {
        for (long i = t.GlobalIndex; i < a.Count; i += t.GridSize)
        {
            await t.Load<int>(a.Base + (4096 * i));
        }
    }

    /// <summary>Loads one int from an address.</summary>
    public static async GpuTask LoadOne(GpuThread t, VirtualAddress address) => await t.Load<int>(address);

    /// <summary>Stores one int to an address.</summary>
    public static async GpuTask StoreOne(GpuThread t, VirtualAddress address) => await t.Store(address, 1);

    /// <summary>Counts in one word until another word is not 0.</summary>
    public static async GpuTask CountUntilStopped(GpuThread t, CountArgs a)
    {
        while (await t.Load<int>(a.Stop) == 0)
        {
            await t.AtomicAdd(a.Counter, 1L);
            await t.Yield();
        }
    }

    /// <summary>Loads an int again and again until a word is not 0; every load must succeed.</summary>
    public static async GpuTask LoadUntilStopped(GpuThread t, WatchArgs a)
    {
        while (await t.Load<int>(a.Stop) == 0)
        {
            await t.Load<int>(a.Watched);
            await t.Yield();
        }
    }
}

internal readonly record struct ArrayArgs(VirtualAddress Base, long Count);

internal readonly record struct SumArgs(VirtualAddress Base, long Count, VirtualAddress Result);

internal readonly record struct CountArgs(VirtualAddress Counter, VirtualAddress Stop);

internal readonly record struct WatchArgs(VirtualAddress Watched, VirtualAddress Stop);
