namespace GpuSvm.Cli.Runs.Ranges;

/// <summary>Consecutive pages of a range that lie in one place, as the JSON document shows them.</summary>
/// <param name="Place"><c>video</c>, <c>system</c> or <c>absent</c>.</param>
/// <param name="Pages">How many pages of 4 KiB.</param>
internal readonly record struct PageRun(string Place, long Pages);
