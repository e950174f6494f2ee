namespace GpuSvm.Cli.Runs.Matrices;

/// <summary>A matrix in a process's memory, with the vector that it is multiplied by and room for the product.</summary>
internal sealed class ProcessMatrix
{
    private readonly RunSession _session;
    private readonly SparseProductArgs _args;

    private ProcessMatrix(RunSession session, MatrixIndex index, ReadOnlySpan<double> vector)
    {
        _session = session;
        ulong entries = (ulong)Math.Max(1, index.EntryCount);
        _args = new SparseProductArgs(
            session.Place(index.Offsets),
            Columns: session.Map(4 * entries),
            Values: session.Map(8 * entries),
            session.Place(vector),
            Product: session.Map(8 * (ulong)index.Header.Rows),
            index.Header.Rows);
    }

    /// <summary>Streams a matrix into memory: each entry is stored straight where it belongs.</summary>
    public static ProcessMatrix Load(RunSession session, MatrixIndex index, Stream file, ReadOnlySpan<double> vector)
    {
        var matrix = new ProcessMatrix(session, index, vector);
        foreach ((long slot, MatrixEntry entry) in index.Entries(file))
        {
            session.Target.Store(matrix._args.Columns + (4 * (ulong)slot), entry.Column);
            session.Target.Store(matrix._args.Values + (8 * (ulong)slot), entry.Value);
        }

        return matrix;
    }

    /// <summary>Multiplies.</summary>
    /// <returns>The product.</returns>
    public async Task<double[]> MultiplyAsync()
    {
        int blocks = _session.BlocksFor(_args.Rows);
        await _session.LaunchAsync(SparseProduct.Kernel, blocks, RunSession.BlockSize, _args).ConfigureAwait(false);
        double[] product = new double[_args.Rows];
        for (int row = 0; row < product.Length; row++)
        {
            product[row] = _session.Target.Load<double>(_args.Product + (8 * (ulong)row));
        }

        return product;
    }
}
