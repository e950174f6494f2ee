using GpuSvm.Cli.Runs;

namespace GpuSvm.Cli.Output;

/// <summary>All that a run tells, as the JSON document shows it.</summary>
/// <param name="Workload">Name of the verb.</param>
/// <param name="Input">What was computed from.</param>
/// <param name="Machine">Where it ran.</param>
/// <param name="Result">The answer.</param>
/// <param name="Verified">True if the answer equals a plain CPU computation.</param>
/// <param name="Failure">Why it is not verified.</param>
/// <param name="Counters">What the machine counted.</param>
/// <param name="ElapsedMs">Time of all launches, in milliseconds.</param>
/// <param name="Trace">The trace that was written; null if none.</param>
internal sealed record RunDocument(
    string Workload,
    object? Input,
    MachineDocument Machine,
    object? Result,
    bool Verified,
    string? Failure,
    MachineCounters Counters,
    double ElapsedMs,
    TraceDocument? Trace)
{
    /// <summary>Collects what a run tells.</summary>
    public static async Task<RunDocument> OfAsync(string workload, RunSession session, RunReport report, TraceDocument? trace) => new(
        workload,
        report.Input,
        session.Target.Describe(),
        report.Result,
        report.Failure is null,
        report.Failure,
        await session.Target.CountersAsync().ConfigureAwait(false),
        session.Elapsed.TotalMilliseconds,
        trace);
}
