using GpuSvm;

internal static class MyKernels
{
    #region increment
    public static async GpuTask Increment(GpuThread t, IncrementArgs a)
    {
        for (long i = t.GlobalIndex; i < a.Count; i += t.GridSize)
        {
            await t.Store(a.Base + 4 * (ulong)i, 1 + await t.Load<int>(a.Base + 4 * (ulong)i));
        }
    }
    #endregion

    #region sum-kernel
    public static async GpuTask Sum(GpuThread t, SumArgs a)
    {
        long sum = 0;
        for (long i = t.GlobalIndex; i < a.Count; i += t.GridSize)
        {
            sum += await t.Load<int>(a.Base + 4 * (ulong)i);
        }

        await t.AtomicAdd(a.Result, sum);
    }
    #endregion
}
