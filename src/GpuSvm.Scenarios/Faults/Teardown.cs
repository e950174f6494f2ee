namespace GpuSvm.Scenarios;

/// <summary>The GPU loads from pages while the address space ends and the driver closes it.</summary>
public sealed class Teardown : IDriverRace
{
    /// <inheritdoc/>
    public string Name => "teardown";

    /// <inheritdoc/>
    public string Description => "The GPU loads from pages while the address space ends and the driver closes it.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run, Func<AddressSpace, GpuMirror, IMirrorStrategy>? strategy)
    {
        var machine = new SmallMachine(run, new SmallMachineOptions { Strategy = strategy });
        run.Thread("gpu", () => machine.Launch(
            run, RaceKernels.ReadSameAsync, new KernelArgs(2), 1, 1, Errno.EFAULT, Errno.ECANCELED, Errno.ENXIO));
        run.Thread("exit", machine.Mm.Exit);
        run.Thread("close", machine.Close);
        run.AtEnd(machine.Dispose);
    }
}
