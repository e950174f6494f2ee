namespace GpuSvm.Workloads;

/// <summary>Arguments of <see cref="SparseProduct.Kernel"/>: a matrix in compressed sparse rows, and two vectors.</summary>
/// <param name="Offsets">Address of the first slot of each row's entries and, behind them, the number of entries; 8 bytes each.</param>
/// <param name="Columns">Address of the column of each entry; 4 bytes each.</param>
/// <param name="Values">Address of the value of each entry, a double.</param>
/// <param name="Vector">Address of a double for each column: what the matrix is multiplied by.</param>
/// <param name="Product">Address of a double for each row: the result.</param>
/// <param name="Rows">Number of rows.</param>
public readonly record struct SparseProductArgs(ulong Offsets, ulong Columns, ulong Values, ulong Vector, ulong Product, long Rows);
