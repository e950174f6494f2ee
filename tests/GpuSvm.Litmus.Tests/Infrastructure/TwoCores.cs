namespace GpuSvm.Litmus.Tests;

/// <summary>Whether two threads can run at the same time here.</summary>
internal static class TwoCores
{
    /// <summary>Why they cannot, or null.</summary>
    public static string? Missing { get; } =
        !OperatingSystem.IsLinux() ? "threads are kept on their cores on Linux only"
        : ProcessAffinity.Cpus.Count < 2 ? "this process has one core, on which no two threads run at once"
        : null;
}
