namespace GpuSvm.Scenarios;

/// <summary>The GPU stores into a page of its memory while the CPU touches it, which brings it home: no store is lost.</summary>
public sealed class HomeVsStore : IDriverRace
{
    private const int Stores = 3;

    /// <inheritdoc/>
    public string Name => "home-vs-store";

    /// <inheritdoc/>
    public string Description => "The GPU stores into a page of its memory while the CPU touches it, which brings it home: no store is lost.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run, Func<AddressSpace, GpuMirror, IMirrorStrategy>? strategy)
    {
        var machine = new SmallMachine(run, new SmallMachineOptions { Strategy = strategy, ReadAroundPages = 2 });
        machine.Bind(2);
        run.Thread("gpu", () =>
        {
            machine.Launch(run, RaceKernels.CountAsync, new KernelArgs(Stores), 1, 1);
            ulong last = machine.Cpu.Thread(1).Load<ulong>(SmallMachine.Address);
            SmallMachine.Demand(last == Stores, $"No store of the GPU is lost: {last} of {Stores}.");
        });
        run.Thread("cpu", () =>
        {
            CpuThread cpu = machine.Cpu.Thread(0);
            SmallMachine.DemandStored("The CPU", cpu.Load<ulong>(SmallMachine.PageAt(1)));
            ProcessMachine.Count(cpu, SmallMachine.Address + 8, 1);
        });
        run.AtEnd(machine.Dispose);
    }
}
