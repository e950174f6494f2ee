namespace GpuSvm.Scenarios;

/// <summary>A process exits while its faults stand in the ring and are served one after the other.</summary>
public sealed class ExitVsFault : IDriverRace
{
    /// <inheritdoc/>
    public string Name => "exit-vs-fault";

    /// <inheritdoc/>
    public string Description => "A process exits while its faults stand in the ring and are served one after the other.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run, Func<AddressSpace, GpuMirror, IMirrorStrategy>? strategy)
    {
        var machine = new SmallMachine(run, new SmallMachineOptions
        {
            Strategy = strategy,
            Execution = ExecutionMode.Parallel,
            BatchSize = 1,
            ReplayPolicy = ReplayPolicy.Block,
        });
        run.Thread("gpu", () => machine.Launch(run, RaceKernels.ReadOwnAsync, new KernelArgs(2), 1, 3, Errno.EFAULT));
        run.Thread("exit", machine.Mm.Exit);
        run.AtEnd(machine.Dispose);
    }
}
