namespace GpuSvm.Workloads;

/// <summary>Which blocks of memory a workload uses, one after another: what decides how an eviction policy does, without the workload.</summary>
/// <remarks>Each trace numbers its blocks from 0, and uses every one. The same arguments give the same trace.</remarks>
public static class AccessTraces
{
    /// <summary>McCalpin's triad, again and again: two arrays are read and a third is written, block beside block.</summary>
    /// <param name="blocks">Number of blocks, at least 3; a multiple of three is used.</param>
    /// <param name="passes">How often, at least once.</param>
    /// <remarks>Source: J. McCalpin, STREAM.</remarks>
    public static int[] Triad(int blocks, int passes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(blocks, 3);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(passes);
        int each = blocks / 3;
        return [.. Enumerable.Range(0, passes * each).SelectMany(i => new[] { each + (i % each), (2 * each) + (i % each), i % each })];
    }

    /// <summary>A sparse matrix times a vector, again and again: the matrix is read in order, the vector here and there, its beginning most.</summary>
    /// <param name="blocks">Number of blocks, at least 20: three quarters the matrix, a fifth the vector, the rest the product.</param>
    /// <param name="passes">How often, at least once.</param>
    /// <param name="seed">Decides which parts of the vector are read.</param>
    public static int[] SparseProduct(int blocks, int passes, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(blocks, 20);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(passes);
        int matrix = blocks * 3 / 4;
        int vector = blocks / 5;
        int product = blocks - matrix - vector;
        var random = new SeededRandom(seed);
        List<int> trace = [.. Enumerable.Range(matrix, vector)];
        for (int i = 0; i < passes * matrix; i++)
        {
            int row = i % matrix;
            trace.Add(row);
            for (int k = 0; k < 3; k++)
            {
                trace.Add(matrix + Math.Min(random.Next(vector), random.Next(vector)));
            }

            trace.Add(matrix + vector + (row * product / matrix));
        }

        return [.. trace];
    }

    /// <summary>A hash join, again and again: a table is built from one input and asked by the other, which are read in order; it is hit anywhere.</summary>
    /// <param name="blocks">Number of blocks, at least 4: a quarter the build side, a quarter the table, half the probe side.</param>
    /// <param name="passes">How often the probe side is joined, at least once.</param>
    /// <param name="seed">Decides where the table is hit.</param>
    public static int[] HashJoin(int blocks, int passes, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(blocks, 4);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(passes);
        int build = blocks / 4;
        int table = blocks / 4;
        int probe = blocks - build - table;
        var random = new SeededRandom(seed);
        List<int> trace = [.. Enumerable.Range(build, table)];
        for (int i = 0; i < build + (passes * probe); i++)
        {
            trace.Add(i < build ? i : build + table + ((i - build) % probe));
            for (int k = 0; k < 4; k++)
            {
                trace.Add(build + random.Next(table));
            }
        }

        return [.. trace];
    }
}
