using System.CommandLine;

namespace GpuSvm.Cli.Runs;

/// <summary><c>gpusvm run</c>: runs a workload in this process or on a simulated machine and checks its result.</summary>
internal static class RunVerb
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var command = new Command(
            "run",
            "Run a workload: load its input into ordinary process memory, let GPU kernels fault their way through it, check the result.");
        foreach (WorkloadCommand workload in Workloads())
        {
            command.Add(workload);
        }

        return command;
    }

    /// <summary>Makes a command for each workload.</summary>
    public static IReadOnlyList<WorkloadCommand> Workloads() =>
    [
        WordCountVerb.Create(),
        HistogramVerb.Create(),
        BfsVerb.Create(),
        ListVerb.Create(),
        SpmvVerb.Create(),
        PageRankVerb.Create(),
        HashJoinVerb.Create(),
        SortVerb.Create(),
        StreamVerb.Create(),
    ];
}
