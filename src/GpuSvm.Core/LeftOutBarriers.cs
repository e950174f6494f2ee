namespace GpuSvm.Core;

/// <summary>Memory barriers of the production code, each in its place unless the process is started to show that a litmus test misses it.</summary>
/// <remarks>
/// <c>GPUSVM_LEAVE_OUT=name</c> in the environment leaves one out for the life of the process. They are no <see cref="Breaks"/>: an
/// <see cref="Explorer"/> runs one thread at a time and cannot see that one is missing; two real processors can. Where they are in place
/// the compiler removes the question.
/// </remarks>
public static class LeftOutBarriers
{
    private static readonly string? Name = Environment.GetEnvironmentVariable("GPUSVM_LEAVE_OUT");

    /// <summary>A flush passes no barrier before it looks for accesses in flight.</summary>
    public static readonly bool Access = Name == "access";

    /// <summary>A flush passes a barrier of its own thread only; the accessing one passes none.</summary>
    public static readonly bool AccessOfOthers = Name == "access-of-others";

    /// <summary>A TLB fill passes no barrier between its entry and the sequence of drops.</summary>
    public static readonly bool Fill = Name == "fill";

    /// <summary>A flush passes no barrier before it looks whether anyone runs.</summary>
    public static readonly bool Running = Name == "running";

    /// <summary>A CPU thread passes no barrier between saying that it runs and its first look at the page table.</summary>
    public static readonly bool FirstRun = Name == "first-run";

    /// <summary>Every name that <c>GPUSVM_LEAVE_OUT</c> knows.</summary>
    public static IReadOnlyList<string> Names { get; } = ["access", "access-of-others", "fill", "running", "first-run"];
}
