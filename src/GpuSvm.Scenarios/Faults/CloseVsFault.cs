namespace GpuSvm.Scenarios;

/// <summary>A client is closed while its faults stand in the ring and are served: the batch keeps it alive until it is done.</summary>
public sealed class CloseVsFault : IDriverRace
{
    /// <inheritdoc/>
    public string Name => "close-vs-fault";

    /// <inheritdoc/>
    public string Description => "A client is closed while its faults stand in the ring and are served: the batch keeps it alive until it is done.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run, Func<AddressSpace, GpuMirror, IMirrorStrategy>? strategy)
    {
        var machine = new SmallMachine(run, new SmallMachineOptions
        {
            Strategy = strategy,
            Execution = ExecutionMode.Parallel,
            BatchSize = 2,
        });
        run.Thread("gpu", () => machine.Launch(run, RaceKernels.ReadOwnAsync, new KernelArgs(1), 1, 3, Errno.ECANCELED, Errno.ENXIO, Errno.EFAULT));
        run.Thread("close", machine.Close);
        run.AtEnd(machine.Dispose);
    }
}
