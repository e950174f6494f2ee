namespace GpuSvm.Scenarios;

/// <summary>The GPU and the CPU store into a page while the driver moves it to another frame: no store is lost.</summary>
public sealed class FaultVsMigrate : IDriverRace
{
    private const int Stores = 3;

    /// <inheritdoc/>
    public string Name => "fault-vs-migrate";

    /// <inheritdoc/>
    public string Description => "The GPU and the CPU store into a page while the driver moves it to another frame: no store is lost.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run, Func<AddressSpace, GpuMirror, IMirrorStrategy>? strategy)
    {
        var machine = new SmallMachine(run, new SmallMachineOptions { Strategy = strategy });
        run.Thread("gpu", () =>
        {
            machine.Launch(run, RaceKernels.CountAsync, new KernelArgs(Stores), 1, 1);
            ulong last = machine.Cpu.Thread(1).Load<ulong>(SmallMachine.Address);
            SmallMachine.Demand(last == Stores, $"No store of the GPU is lost: {last} of {Stores}.");
        });
        run.Thread("driver", () => machine.Migrate(1));
        run.Thread("cpu", () =>
        {
            CpuThread cpu = machine.Cpu.Thread(0);
            for (ulong i = 1; i <= Stores; i++)
            {
                ulong before = cpu.Load<ulong>(SmallMachine.Address + 8);
                SmallMachine.Demand(before == i - 1, $"No store of the CPU is lost: {before} of {i - 1}.");
                cpu.Store(SmallMachine.Address + 8, i);
            }
        });
        run.AtEnd(machine.Dispose);
    }
}
