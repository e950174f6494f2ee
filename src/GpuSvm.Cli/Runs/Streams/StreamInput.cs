namespace GpuSvm.Cli.Runs.Streams;

/// <summary>The input of the triad.</summary>
/// <param name="Bytes">Size of the three arrays together.</param>
/// <param name="Elements">Numbers of 8 bytes in each of them.</param>
internal sealed record StreamInput(long Bytes, int Elements);
