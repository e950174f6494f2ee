namespace GpuSvm.Scenarios;

/// <summary>The GPU stores into a page while the process forks: the child keeps the bytes of that moment, the parent all stores.</summary>
public sealed class FaultVsFork : IDriverRace
{
    /// <inheritdoc/>
    public string Name => "fault-vs-fork";

    /// <inheritdoc/>
    public string Description => "The GPU stores into a page while the process forks: the child keeps the bytes of that moment, the parent all stores.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run, Func<AddressSpace, GpuMirror, IMirrorStrategy>? strategy)
    {
        const int Stores = 2;
        var machine = new SmallMachine(run, new SmallMachineOptions { Strategy = strategy });
        run.Thread("gpu", () =>
        {
            machine.Launch(run, RaceKernels.CountAsync, new KernelArgs(Stores), 1, 1);
            ulong last = machine.Cpu.Thread(1).Load<ulong>(SmallMachine.Address);
            SmallMachine.Demand(last == Stores, $"No store of the GPU is lost: {last} of {Stores}.");
        });
        run.Thread("cpu", () =>
        {
            CpuThread child = machine.Fork();
            ulong first = child.Load<ulong>(SmallMachine.Address);
            ulong second = child.Load<ulong>(SmallMachine.Address);
            SmallMachine.Demand(first == second, "No store of the GPU changes a page of a forked child.");
        });
        run.AtEnd(machine.Dispose);
    }
}
