namespace GpuSvm.Scenarios;

/// <summary>As <see cref="DuplicateVsUnmap"/>, where nothing is flushed: stale entries are served, and may do no harm.</summary>
public sealed class StaleFaultVsUnmap : IDriverRace
{
    /// <inheritdoc/>
    public string Name => "stale-fault-vs-unmap";

    /// <inheritdoc/>
    public string Description => "Two GPU threads fault on one page and stale faults are served too; when both are done it is unmapped, and a kernel reads another page.";

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
        run.Thread("process", () =>
        {
            machine.Launch(run, RaceKernels.ReadSameAsync, new KernelArgs(1), 1, 2);
            machine.UnmapFirst();
            machine.Launch(run, RaceKernels.ReadSecondAsync, new KernelArgs(1), 1, 1);
        });
        run.AtEnd(machine.Dispose);
    }
}
