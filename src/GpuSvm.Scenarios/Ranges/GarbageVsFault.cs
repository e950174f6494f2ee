namespace GpuSvm.Scenarios;

/// <summary>A part of a range is unmapped, and the rest made a range of its own, while the GPU stores there and the CPU takes the page home: no store is lost.</summary>
public sealed class GarbageVsFault : IDriverRace
{
    private const int Stores = 2;

    /// <inheritdoc/>
    public string Name => "garbage-vs-fault";

    /// <inheritdoc/>
    public string Description =>
        "A part of a range is unmapped, and the rest made a range of its own, while the GPU stores there and the CPU takes the page home: no store is lost.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run, Func<AddressSpace, GpuMirror, IMirrorStrategy>? strategy)
    {
        var machine = new SmallMachine(run, new SmallMachineOptions
        {
            Strategy = strategy ?? MirrorStrategies.SizedRanges,
            Ranges = SmallMachineOptions.PairsOnDevice,
            ReadAroundPages = 1,
        });
        machine.Launch(run, RaceKernels.ReadOwnAsync, new KernelArgs(1), 1, 2);
        run.Thread("gpu", () =>
        {
            machine.Launch(run, RaceKernels.CountAsync, new KernelArgs(Stores), 1, 1);
            ulong last = machine.Cpu.Thread(1).Load<ulong>(SmallMachine.Address);
            SmallMachine.Demand(last == Stores, $"No store of the GPU is lost: {last} of {Stores}.");
        });
        run.Thread("program", () =>
        {
            machine.Unmap(1);

            // Looks for ranges to collect first.
            machine.TryBind(2);
        });
        run.Thread("cpu", () => ProcessMachine.Count(machine.Cpu.Thread(0), SmallMachine.Address + 8, 1));
        run.AtEnd(machine.Dispose);
    }
}
