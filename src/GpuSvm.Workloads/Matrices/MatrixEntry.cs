namespace GpuSvm.Workloads;

/// <summary>One entry of a sparse matrix.</summary>
/// <param name="Row">Its row, from 0 on.</param>
/// <param name="Column">Its column, from 0 on.</param>
/// <param name="Value">Its value: finite.</param>
public readonly record struct MatrixEntry(int Row, int Column, double Value);
