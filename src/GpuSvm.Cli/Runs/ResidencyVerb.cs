using System.CommandLine;

namespace GpuSvm.Cli.Runs;

/// <summary><c>gpusvm residency</c>: runs a workload, and shows where its memory has ended.</summary>
internal static class ResidencyVerb
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var command = new Command(
            "residency",
            "Run a workload whose pages may live in the GPU's memory (--placement auto unless told), and show where each range has ended.");
        foreach (WorkloadCommand workload in RunVerb.Workloads())
        {
            workload.ShowRanges();
            command.Add(workload);
        }

        return command;
    }
}
