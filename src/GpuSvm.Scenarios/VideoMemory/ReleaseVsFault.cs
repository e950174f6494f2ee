namespace GpuSvm.Scenarios;

/// <summary>Pages of the GPU's memory are unmapped, given back and taken for others while the GPU faults on them: it never reads a page that was freed.</summary>
public sealed class ReleaseVsFault : IDriverRace
{
    /// <inheritdoc/>
    public string Name => "release-vs-fault";

    /// <inheritdoc/>
    public string Description =>
        "Pages of the GPU's memory are unmapped, given back and taken for others while the GPU faults on them: it never reads a page that was freed.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run, Func<AddressSpace, GpuMirror, IMirrorStrategy>? strategy)
    {
        var machine = new SmallMachine(run, new SmallMachineOptions { Strategy = strategy, ReadAroundPages = 1 });
        machine.Bind(SmallMachine.PageCount);
        run.Thread("gpu", () => machine.Launch(run, RaceKernels.ReadOwnAsync, new KernelArgs(2), 1, 2));
        run.Thread("program", () =>
        {
            machine.Replace();
            machine.Driver.DeviceMemory!.Reclaim();
            machine.Bind(1);
        });
        run.Thread("cpu", () => SmallMachine.DemandStored("The CPU", machine.Cpu.Thread(0).Load<ulong>(SmallMachine.PageAt(1))));
        run.AtEnd(machine.Dispose);
    }
}
