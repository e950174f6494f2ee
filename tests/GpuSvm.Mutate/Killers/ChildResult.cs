namespace GpuSvm.Mutate.Killers;

/// <summary>How a child process ended.</summary>
/// <param name="ExitCode">Its exit code; null if it was ended from outside.</param>
/// <param name="Output">All that it printed.</param>
public sealed record ChildResult(int? ExitCode, string Output);
