namespace GpuSvm.Workloads;

/// <summary>Arguments of <see cref="Histogram.Kernel"/>.</summary>
/// <param name="Data">Address of the bytes, a multiple of 8; readable up to the next multiple of 8 behind their end.</param>
/// <param name="Length">Number of bytes, at least 1.</param>
/// <param name="Counts">Address of 256 zeroed 8-byte counters: the result.</param>
/// <param name="Partials">Address of <see cref="Histogram.TableBytes"/> zeroed bytes for each thread of the grid.</param>
public readonly record struct HistogramArgs(ulong Data, long Length, ulong Counts, ulong Partials);
