using GpuSvm.Cli.Runs;
using GpuSvm.Cli.Runs.Ranges;

namespace GpuSvm.Cli.Output;

/// <summary>All that a run tells, as the JSON document shows it.</summary>
/// <param name="Workload">Name of the verb.</param>
/// <param name="Input">What was computed from.</param>
/// <param name="Machine">Where it ran.</param>
/// <param name="Result">The answer.</param>
/// <param name="Verified">True if the answer equals a plain CPU computation.</param>
/// <param name="Failure">Why it is not verified.</param>
/// <param name="Counters">What the machine counted.</param>
/// <param name="Residency">Where memory was at the end; null unless it is followed by ranges.</param>
/// <param name="Ranges">Each range; null unless that was asked for.</param>
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
    ResidencyDocument? Residency,
    IReadOnlyList<RangeRow>? Ranges,
    double ElapsedMs,
    TraceDocument? Trace)
{
    /// <summary>Collects what a run tells, but for its trace, which is not complete yet.</summary>
    public static async Task<RunDocument> OfAsync(string workload, RunSession session, RunReport report, RunView view)
    {
        MachineCounters counters = await session.Target.CountersAsync().ConfigureAwait(false);
        (ResidencyDocument? residency, IReadOnlyList<RangeRow> ranges) = await session.Target.ResidencyAsync().ConfigureAwait(false);
        return new RunDocument(
            workload,
            report.Input,
            session.Target.Describe(),
            report.Result,
            report.Failure is null,
            report.Failure,
            counters,
            residency,
            view == RunView.Ranges ? ranges : null,
            session.Elapsed.TotalMilliseconds,
            Trace: null);
    }
}
