namespace GpuSvm.Cli.Runs;

/// <summary>A byte histogram.</summary>
/// <param name="Bytes">Number of bytes counted.</param>
/// <param name="Counts">256 counts, by byte value.</param>
internal sealed record HistogramResult(long Bytes, long[] Counts);
