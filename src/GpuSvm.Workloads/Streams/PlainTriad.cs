namespace GpuSvm.Workloads;

/// <summary>b + 3 c by one CPU thread: what the result of <see cref="AccessPatterns.Stream"/> is compared with.</summary>
public static class PlainTriad
{
    /// <summary>Adds two arrays of the same length.</summary>
    /// <param name="b">Whole numbers.</param>
    /// <param name="c">Whole numbers. All sums stay below 2^53 in size, so that no order of the operations rounds.</param>
    public static double[] Compute(ReadOnlySpan<double> b, ReadOnlySpan<double> c)
    {
        double[] sums = new double[b.Length];
        for (int i = 0; i < sums.Length; i++)
        {
            sums[i] = (long)b[i] + (3 * (long)c[i]);
        }

        return sums;
    }
}
