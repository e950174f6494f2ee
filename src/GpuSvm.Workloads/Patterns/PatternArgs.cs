namespace GpuSvm.Workloads;

/// <summary>Arguments of the kernels of <see cref="AccessPatterns"/>.</summary>
/// <param name="A">Address of the first array, page-aligned.</param>
/// <param name="B">Address of the second array, page-aligned; not used by every kernel.</param>
/// <param name="C">Address of the third array, page-aligned; not used by every kernel.</param>
/// <param name="Size">Pages, elements or rows: each kernel says which. At least 1.</param>
/// <param name="Part">Loads, slabs or elements of a chunk: each kernel says which. At least 1.</param>
public readonly record struct PatternArgs(ulong A, ulong B, ulong C, long Size, long Part);
