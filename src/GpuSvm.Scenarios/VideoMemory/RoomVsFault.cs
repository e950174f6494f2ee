namespace GpuSvm.Scenarios;

/// <summary>A page that the GPU stores to must leave its memory for another, which the CPU stores to: no store is lost, and no page too many is taken.</summary>
public sealed class RoomVsFault : IDriverRace
{
    private const int Stores = 2;

    /// <inheritdoc/>
    public string Name => "room-vs-fault";

    /// <inheritdoc/>
    public string Description =>
        "A page that the GPU stores to must leave its memory for another, which the CPU stores to: no store is lost, and no page too many is taken.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run, Func<AddressSpace, GpuMirror, IMirrorStrategy>? strategy)
    {
        var machine = new SmallMachine(run, new SmallMachineOptions
        {
            Strategy = strategy,
            ReadAroundPages = 1,
            VideoPages = 1,
            AccessCounters = new AccessCounterOptions { Threshold = 1, Entries = 4 },
        });
        machine.Bind(1);
        run.Thread("gpu", () =>
        {
            machine.Launch(run, RaceKernels.CountAsync, new KernelArgs(Stores), 1, 1);
            ulong last = machine.Cpu.Thread(1).Load<ulong>(SmallMachine.Address);
            SmallMachine.Demand(last == Stores, $"No store of the GPU is lost: {last} of {Stores}.");
        });
        run.Thread("program", () => machine.TryBind(1));
        run.Thread("cpu", () => ProcessMachine.Count(machine.Cpu.Thread(0), SmallMachine.PageAt(1) + 8, 1));
        machine.LastLook = () => SmallMachine.Demand(machine.Driver.DeviceMemory!.Counters.PeakPages == 1, "One page was taken at once, and no more.");
        run.AtEnd(machine.Dispose);
    }
}
