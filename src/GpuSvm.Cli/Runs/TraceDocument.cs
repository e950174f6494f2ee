namespace GpuSvm.Cli.Runs;

/// <summary>The trace of a run, as the JSON document shows it.</summary>
/// <param name="Path">The file as the user named it.</param>
/// <param name="Events">Number of events in it.</param>
/// <param name="Dropped">Number of events that are not in it because there were too many at a time, or in all.</param>
internal sealed record TraceDocument(string Path, int Events, long Dropped);
