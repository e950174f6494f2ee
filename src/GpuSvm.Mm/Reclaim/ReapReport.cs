namespace GpuSvm.Mm;

/// <summary>What a pass of the <see cref="OomReaper"/> has done.</summary>
/// <param name="ReapedMappings">Number of mappings whose pages were taken.</param>
/// <param name="SkippedMappings">Number of private mappings that were left out, because a mirror would have had to wait.</param>
/// <param name="TakenPages">Number of pages taken: 4 KiB each, without those of the zero page.</param>
public readonly record struct ReapReport(int ReapedMappings, int SkippedMappings, long TakenPages);
