namespace GpuSvm.Scenarios;

/// <summary>The GPU reads a duplicate of a page that the CPU stores to: once a later store is seen, so is the one before.</summary>
public sealed class DuplicateVsStore : IDriverRace
{
    private const int Stores = 2;

    /// <inheritdoc/>
    public string Name => "duplicate-vs-store";

    /// <inheritdoc/>
    public string Description => "The GPU reads a duplicate of a page that the CPU stores to: once a later store is seen, so is the one before.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run, Func<AddressSpace, GpuMirror, IMirrorStrategy>? strategy)
    {
        var machine = new SmallMachine(run, new SmallMachineOptions { Strategy = strategy, ReadAroundPages = 1 });
        machine.Advise(0, MemoryAdvice.ReadMostly);
        run.Thread("gpu", () => machine.Launch(run, RaceKernels.ReadInOrderAsync, new KernelArgs(Stores + 1), 1, 1));
        run.Thread("cpu", () =>
        {
            CpuThread cpu = machine.Cpu.Thread(0);
            for (ulong i = 1; i <= Stores; i++)
            {
                cpu.Store(SmallMachine.PageAt(0), SmallMachine.Mark + i);
                cpu.Store(SmallMachine.PageAt(1), SmallMachine.Mark + i);
            }
        });
        run.Thread("program", () =>
        {
            machine.Advise(2, MemoryAdvice.RemoteMap);
            machine.UnmapLast();
        });
        run.AtEnd(machine.Dispose);
    }
}
