namespace GpuSvm.Scenarios;

/// <summary>Two GPU threads fault on one page; when both are done the process unmaps it, and a further kernel must not suffer for it.</summary>
public sealed class DuplicateVsUnmap : IDriverRace
{
    /// <inheritdoc/>
    public string Name => "duplicate-vs-unmap";

    /// <inheritdoc/>
    public string Description => "Two GPU threads fault on one page, one fault a batch; when both are done it is unmapped, and a kernel reads another page.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run, Func<AddressSpace, GpuMirror, IMirrorStrategy>? strategy)
    {
        var machine = new SmallMachine(run, new SmallMachineOptions
        {
            Strategy = strategy,
            Execution = ExecutionMode.Parallel,
            BatchSize = 1,
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
