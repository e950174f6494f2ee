using System.CommandLine;
using GpuSvm.Cli.Runs.Targets;

namespace GpuSvm.Cli.Options;

/// <summary>The options that say where a workload runs: on this process's own memory, or on a simulated machine.</summary>
internal sealed class TargetSettings
{
    private readonly Option<bool> _live = new("--live")
    {
        Description = "Run on this process's own memory (userfaultfd) or not at all: exit code 3 where that cannot be. [default: where it can]",
    };

    private readonly Option<bool> _simulate = new("--simulate")
    {
        Description = "Run on a simulated machine: the same seed gives the same counters.",
    };

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        command.Add(_live);
        command.Add(_simulate);
    }

    /// <summary>Starts what the command line asks for; unless it says, this process's own memory if this computer allows that.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="options">The GPU, and what else there is of a machine.</param>
    /// <returns>The target, and one line that says which it is and why; null if the command line says it.</returns>
    /// <exception cref="BadInputException">It asks for both.</exception>
    /// <exception cref="UnavailableException">It asks for live memory, and this computer does not allow it.</exception>
    /// <exception cref="SvmException">It could not be started.</exception>
    public async Task<(RunTarget Target, string? Notice)> OpenAsync(ParseResult parsed, MachineOptions options)
    {
        bool mustBeLive = parsed.GetValue(_live);
        bool mustBeSimulated = parsed.GetValue(_simulate);
        if (mustBeLive && mustBeSimulated)
        {
            throw new BadInputException("--live and --simulate: expected one of them");
        }

        if (mustBeSimulated)
        {
            return (new SimulatedTarget(options), null);
        }

        string? missing = SvmSession.Missing;
        if (missing is null)
        {
            RunTarget target = await LiveTarget.OpenAsync(options).ConfigureAwait(false);
            return (target, mustBeLive ? null : "live: on this process's own memory (--simulate runs a simulated machine)");
        }

        return mustBeLive
            ? throw new UnavailableException(missing)
            : (new SimulatedTarget(options), $"simulated, not live: {missing}");
    }
}
