namespace GpuSvm.Scenarios;

/// <summary>The driver closes an address space while the GPU faults in a range, a part of it is unmapped and collected, and the CPU takes the rest home.</summary>
public sealed class RangeTeardown : IDriverRace
{
    /// <inheritdoc/>
    public string Name => "range-teardown";

    /// <inheritdoc/>
    public string Description =>
        "The driver closes an address space while the GPU faults in a range, a part of it is unmapped and collected, and the CPU takes the rest home.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run, Func<AddressSpace, GpuMirror, IMirrorStrategy>? strategy)
    {
        var machine = new SmallMachine(run, new SmallMachineOptions
        {
            Strategy = strategy ?? MirrorStrategies.SizedRanges,
            Ranges = SmallMachineOptions.PairsOnDevice,
            ReadAroundPages = 1,
            Execution = ExecutionMode.Parallel,
        });
        run.Thread("gpu", () => machine.Launch(
            run, RaceKernels.ReadSameAsync, new KernelArgs(2), 1, 1, Errno.EFAULT, Errno.ECANCELED, Errno.ENXIO));
        run.Thread("unmap", () => machine.Unmap(1));
        run.Thread("cpu", () => SmallMachine.DemandStored("The CPU", machine.Cpu.Thread(0).Load<ulong>(SmallMachine.Address)));
        run.Thread("close", machine.Close);
        run.AtEnd(machine.Dispose);
    }
}
