namespace GpuSvm.Scenarios;

/// <summary>A program has a page moved to the GPU's memory while the CPU and the GPU store into it: no store is lost.</summary>
public sealed class BindVsStore : IDriverRace
{
    private const int Stores = 2;

    /// <inheritdoc/>
    public string Name => "bind-vs-store";

    /// <inheritdoc/>
    public string Description => "A program has a page moved to the GPU's memory while the CPU and the GPU store into it: no store is lost.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run, Func<AddressSpace, GpuMirror, IMirrorStrategy>? strategy)
    {
        var machine = new SmallMachine(run, new SmallMachineOptions { Strategy = strategy, ReadAroundPages = 1 });
        run.Thread("gpu", () =>
        {
            machine.Launch(run, RaceKernels.CountAsync, new KernelArgs(Stores), 1, 1);
            ulong last = machine.Cpu.Thread(1).Load<ulong>(SmallMachine.Address);
            SmallMachine.Demand(last == Stores, $"No store of the GPU is lost: {last} of {Stores}.");
        });
        run.Thread("program", () => machine.Bind(1));
        run.Thread("cpu", () => ProcessMachine.Count(machine.Cpu.Thread(0), SmallMachine.Address + 8, Stores));
        run.AtEnd(machine.Dispose);
    }
}
