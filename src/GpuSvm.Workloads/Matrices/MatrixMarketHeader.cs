namespace GpuSvm.Workloads;

/// <summary>What a Matrix Market file says before its entries.</summary>
/// <param name="Field">What is said of values.</param>
/// <param name="Symmetry">Which entries are listed.</param>
/// <param name="Rows">Number of rows, at least 1.</param>
/// <param name="Columns">Number of columns, at least 1.</param>
/// <param name="Entries">Number of lines with entries.</param>
public readonly record struct MatrixMarketHeader(MatrixField Field, MatrixSymmetry Symmetry, int Rows, int Columns, long Entries);
