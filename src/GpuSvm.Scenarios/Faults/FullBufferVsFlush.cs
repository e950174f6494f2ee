namespace GpuSvm.Scenarios;

/// <summary>Three GPU threads fault into a ring with room for one, which is filled while it is flushed for a replay.</summary>
public sealed class FullBufferVsFlush : IDriverRace
{
    /// <inheritdoc/>
    public string Name => "full-buffer-vs-flush";

    /// <inheritdoc/>
    public string Description => "Three GPU threads fault into a ring with room for one, which is filled while it is flushed for a replay.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run, Func<AddressSpace, GpuMirror, IMirrorStrategy>? strategy)
    {
        var machine = new SmallMachine(run, new SmallMachineOptions
        {
            Strategy = strategy,
            Execution = ExecutionMode.Parallel,
            FaultBufferEntries = 2,
        });
        run.Thread("launch", () => machine.Launch(run, RaceKernels.ReadOwnAsync, new KernelArgs(1), 1, 3));
        run.AtEnd(machine.Dispose);
    }
}
