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

    internal static async GpuTask LoadPages(GpuThread t, ulong address) =>
        _ = await t.Load<byte>(address + ((ulong)t.GlobalIndex * Page.Size));

    internal static async GpuTask StoreOne(GpuThread t, ulong address) => await t.Store(address, (byte)0x5a);

    internal static async GpuTask LoadLong(GpuThread t, ulong address) => _ = await t.Load<long>(address);

    internal static async GpuTask AtomicOne(GpuThread t, ulong address) => await t.AtomicAdd(address, 1L);

    internal static async GpuTask PrefetchOne(GpuThread t, ulong address) => await t.Prefetch(address);

    internal static async GpuTask Spin(GpuThread t, ulong address)
    {
        while (await t.Load<long>(address) == 0)
        {
            await t.Yield();
        }
    }

    internal static async GpuTask SetOneByThreadZero(GpuThread t, ulong address)
    {
        if (t.GlobalIndex == 0)
        {
            await t.Store(address, 1L);
            return;
        }

        await Spin(t, address);
    }
}
