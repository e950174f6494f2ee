namespace GpuSvm.Cli.Runs.Streams;

/// <summary>What came of the triad.</summary>
/// <param name="Sum">Sum of the array that it wrote.</param>
internal sealed record StreamResult(long Sum);
