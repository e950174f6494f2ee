namespace GpuSvm.Workloads;

/// <summary>Multiplies a sparse matrix by a vector on the GPU, row by row.</summary>
public static class SparseProduct
{
    /// <summary>The kernel, for any grid: a row is the sum of one thread, in the order of its entries.</summary>
    public static async GpuTask Kernel(GpuThread t, SparseProductArgs a)
    {
        for (long row = t.GlobalIndex; row < a.Rows; row += t.GridSize)
        {
            double sum = 0;
            ulong end = await t.Load<ulong>(a.Offsets + (8 * (ulong)row) + 8);
            for (ulong entry = await t.Load<ulong>(a.Offsets + (8 * (ulong)row)); entry < end; entry++)
            {
                uint column = await t.Load<uint>(a.Columns + (4 * entry));
                double value = await t.Load<double>(a.Values + (8 * entry));
                sum += value * await t.Load<double>(a.Vector + (8 * (ulong)column));
            }

            await t.Store(a.Product + (8 * (ulong)row), sum);
        }
    }
}
