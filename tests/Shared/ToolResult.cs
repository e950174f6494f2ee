namespace GpuSvm;

/// <summary>How a process ended and what it wrote.</summary>
internal sealed record ToolResult(int ExitCode, string Output, string Error);
