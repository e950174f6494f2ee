namespace GpuSvm.Gpu.Tests;

internal readonly record struct SumArgs(ulong Input, ulong Output, long Count, long Stride = 8);

internal static class Kernels
{
    internal static async GpuTask Sum(GpuThread t, SumArgs a)
    {
        long sum = 0;
        for (long i = t.GlobalIndex; i < a.Count; i += t.GridSize)
        {
            sum += await t.Load<long>(a.Input + (ulong)(a.Stride * i));
        }

        await t.AtomicAdd(a.Output, sum);
    }

    internal static async GpuTask Increment(GpuThread t, SumArgs a)
    {
        for (long i = t.GlobalIndex; i < a.Count; i += t.GridSize)
        {
            ulong at = a.Input + (ulong)(a.Stride * i);
            await t.Store(at, 1 + await t.Load<long>(at));
        }
    }

    internal static async GpuTask LoadOne(GpuThread t, ulong address) => _ = await t.Load<byte>(address);

    internal static async GpuTask StoreOne(GpuThread t, ulong address) => await t.Store(address, (byte)0x5a);

    internal static async GpuTask LoadLong(GpuThread t, ulong address) => _ = await t.Load<long>(address);

    internal static async GpuTask AtomicOne(GpuThread t, ulong address) => await t.AtomicAdd(address, 1L);

    internal static async GpuTask Nothing(GpuThread t, int ignored) => await Task(t, ignored);

    private static async GpuTask Task(GpuThread t, int ignored)
    {
        _ = t;
        _ = ignored;
    }
}
