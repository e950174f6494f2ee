namespace GpuSvm.Scenarios;

/// <summary>The GPU's memory is emptied by frames alone while the GPU stores there and the CPU brings a page home: no store is lost.</summary>
public sealed class EvictVsTouch : IDriverRace
{
    private const int Stores = 2;

    /// <inheritdoc/>
    public string Name => "evict-vs-touch";

    /// <inheritdoc/>
    public string Description =>
        "The GPU's memory is emptied by frames alone while the GPU stores there and the CPU brings a page home: no store is lost.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run, Func<AddressSpace, GpuMirror, IMirrorStrategy>? strategy)
    {
        var machine = new SmallMachine(run, new SmallMachineOptions { Strategy = strategy, ReadAroundPages = 1 });
        machine.Bind(2);
        run.Thread("gpu", () =>
        {
            machine.Launch(run, RaceKernels.CountAsync, new KernelArgs(Stores), 1, 1);
            ulong last = machine.Cpu.Thread(1).Load<ulong>(SmallMachine.Address);
            SmallMachine.Demand(last == Stores, $"No store of the GPU is lost: {last} of {Stores}.");
        });
        run.Thread("program", () =>
        {
            Errno error = machine.Driver.DeviceMemory!.EvictAll(Clock.Monotonic.After(Deadline.Default));
            SmallMachine.Demand(error == Errno.None, $"The GPU's memory can be emptied: {error}.");
        });
        run.Thread("cpu", () => ProcessMachine.Count(machine.Cpu.Thread(0), SmallMachine.Address + 8, 1));
        run.AtEnd(machine.Dispose);
    }
}
