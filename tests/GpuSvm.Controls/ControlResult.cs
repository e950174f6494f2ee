namespace GpuSvm.Controls;

/// <summary>How a scenario's process ended.</summary>
/// <param name="Verdict">What it saw.</param>
/// <param name="Output">What it wrote.</param>
public sealed record ControlResult(Verdict Verdict, string Output);
