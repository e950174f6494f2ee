namespace GpuSvm.Scenarios;

/// <summary>A range of which a part was unmapped is cut while the CPU takes the rest of it home, and the GPU stores there: no store is lost.</summary>
public sealed class CutVsTouch : IDriverRace
{
    private const int Stores = 2;

    /// <inheritdoc/>
    public string Name => "cut-vs-touch";

    /// <inheritdoc/>
    public string Description =>
        "A range of which a part was unmapped is cut while the CPU takes the rest of it home, and the GPU stores there: no store is lost.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run, Func<AddressSpace, GpuMirror, IMirrorStrategy>? strategy)
    {
        var machine = new SmallMachine(run, new SmallMachineOptions
        {
            Strategy = strategy ?? MirrorStrategies.SizedRanges,
            Ranges = SmallMachineOptions.PairsOnDevice,
            ReadAroundPages = 1,
        });
        machine.Launch(run, RaceKernels.CountAsync, new KernelArgs(1), 1, 1);
        machine.Unmap(1);
        run.Thread("gpu", () =>
        {
            // Looks for ranges to collect first.
            machine.TryBind(2);
            machine.Launch(run, RaceKernels.CountAsync, new KernelArgs(Stores), 1, 1);
            ulong last = machine.Cpu.Thread(1).Load<ulong>(SmallMachine.Address);
            SmallMachine.Demand(last == Stores, $"No store of the GPU is lost: {last} of {Stores}.");
        });
        run.Thread("cpu", () => ProcessMachine.Count(machine.Cpu.Thread(0), SmallMachine.Address + 8, 1));
        run.AtEnd(machine.Dispose);
    }
}
