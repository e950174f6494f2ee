namespace GpuSvm.Scenarios;

/// <summary>Three GPU threads fault at once into a ring with room for one, while the CPU gives up the bytes of a page.</summary>
public sealed class FullFaultBuffer : IDriverRace
{
    /// <inheritdoc/>
    public string Name => "full-fault-buffer";

    /// <inheritdoc/>
    public string Description => "Three GPU threads fault at once into a ring with room for one, while the CPU gives up the bytes of a page.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run, Func<AddressSpace, GpuMirror, IMirrorStrategy>? strategy)
    {
        var machine = new SmallMachine(run, new SmallMachineOptions { Strategy = strategy, FaultBufferEntries = 2 });
        run.Thread("gpu", () => machine.Launch(run, RaceKernels.ReadOwnAsync, new KernelArgs(1), 1, 3));
        run.Thread("cpu", () => machine.Mm.Discard(SmallMachine.Address, Page.Size));
        run.AtEnd(machine.Dispose);
    }
}
