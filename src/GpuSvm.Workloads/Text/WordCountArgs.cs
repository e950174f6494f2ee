namespace GpuSvm.Workloads;

/// <summary>Arguments of <see cref="WordCount.Kernel"/>.</summary>
/// <param name="Text">Address of the text, a multiple of 8; readable up to the next multiple of 8 behind its end.</param>
/// <param name="Length">Length of the text in bytes, at least 1.</param>
/// <param name="Totals">Address of three zeroed 8-byte counters: lines, words, threads that have finished.</param>
/// <param name="Chunks">Address of 8 bytes for each of <see cref="WordCount.ChunkCount"/> chunks.</param>
public readonly record struct WordCountArgs(ulong Text, long Length, ulong Totals, ulong Chunks);
