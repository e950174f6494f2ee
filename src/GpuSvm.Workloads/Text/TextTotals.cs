namespace GpuSvm.Workloads;

/// <summary>What <c>wc -l -w</c> counts.</summary>
/// <param name="Lines">Number of line feeds.</param>
/// <param name="Words">Number of words, as <see cref="WordClasses"/> defines them.</param>
public readonly record struct TextTotals(long Lines, long Words);
