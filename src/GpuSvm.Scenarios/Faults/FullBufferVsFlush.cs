namespace GpuSvm.Scenarios;

/// <summary>Three GPU threads fault into a ring with room for one, which is filled while it is flushed for a replay.</summary>
public sealed class FullBufferVsFlush : IRaceScenario
{
    /// <inheritdoc/>
    public string Name => "full-buffer-vs-flush";

    /// <inheritdoc/>
    public string Description => "Three GPU threads fault into a ring with room for one, which is filled while it is flushed for a replay.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run)
    {
        var machine = new SmallMachine(run, new SmallMachineOptions { Execution = ExecutionMode.Parallel, FaultBufferEntries = 2 });
        run.Thread("launch", () => machine.Launch(run, RaceKernels.ReadOwnAsync, new KernelArgs(1), 1, 3));
        run.AtEnd(machine.Dispose);
    }
}
