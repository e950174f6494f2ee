namespace GpuSvm.Workloads;

/// <summary>Multiplies a sparse matrix by a vector by one CPU thread: what the kernel's result is compared with.</summary>
/// <remarks>
/// Adds the entries as they stand in the file, without slots, so that a mistake in the slots does not hide itself. The order of a sum may
/// thus be another one; so each row also knows by how much a right result may differ.
/// Source of the bound: N. Higham, "Accuracy and stability of numerical algorithms", section 4.2.
/// </remarks>
public sealed class PlainSparseProduct
{
    // Half of the distance from 1 to the next double.
    private const double UnitRoundoff = 1.0 / (1L << 53);

    private readonly double[] _sums;
    private readonly double[] _sizes;
    private readonly long[] _terms;

    private PlainSparseProduct(Stream file, ReadOnlySpan<double> vector)
    {
        var reader = new MatrixMarketReader(file);
        _sums = new double[reader.Header.Rows];
        _sizes = new double[reader.Header.Rows];
        _terms = new long[reader.Header.Rows];
        while (reader.TryRead(out MatrixEntry entry))
        {
            double term = entry.Value * vector[entry.Column];
            _sums[entry.Row] += term;
            _sizes[entry.Row] += Math.Abs(term);
            _terms[entry.Row]++;
        }
    }

    /// <summary>Multiplies.</summary>
    /// <param name="file">The matrix, at its beginning.</param>
    /// <param name="vector">A number for each column.</param>
    /// <exception cref="MatrixMarketException">It is no matrix of this format.</exception>
    public static PlainSparseProduct Compute(Stream file, ReadOnlySpan<double> vector) => new(file, vector);

    /// <summary>The result, a number for each row.</summary>
    public ReadOnlySpan<double> Rows => _sums;

    /// <summary>True if a row's result is this one, but for rounding in another order.</summary>
    public bool IsRight(int row, double result) =>
        Math.Abs(result - _sums[row]) <= 2.0 * (_terms[row] + 1) * ((UnitRoundoff * _sizes[row]) + double.Epsilon);
}
