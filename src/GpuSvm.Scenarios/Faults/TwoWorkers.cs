namespace GpuSvm.Scenarios;

/// <summary>Faults of two blocks come together, and two workers look for work: each block is one worker's.</summary>
public sealed class TwoWorkers : IDriverRace
{
    /// <inheritdoc/>
    public string Name => "two-workers";

    /// <inheritdoc/>
    public string Description => "Faults of two blocks come together, and two workers look for work: each block is one worker's.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run, Func<AddressSpace, GpuMirror, IMirrorStrategy>? strategy)
    {
        strategy ??= static (mm, mirror) => new PerFaultStrategy(mm, mirror);
        var machine = new SmallMachine(run, new SmallMachineOptions
        {
            Execution = ExecutionMode.Parallel,
            Workers = 2,
            Strategy = (mm, mirror) => new WatchedStrategy(strategy(mm, mirror), mirror.Workers),
        });
        Errno error = machine.Mm.Map(SmallMachine.MovedAddress, Page.Size, Protection.ReadWrite, MapPlacement.Fixed, out _);
        SmallMachine.Demand(error == Errno.None, $"Pages can be mapped: {error}.");
        run.Thread("launch", () => machine.Launch(run, RaceKernels.ReadBlocksAsync, new KernelArgs(1), 1, 2));
        run.AtEnd(machine.Dispose);
    }
}
