namespace GpuSvm.Scenarios;

/// <summary>Two GPU threads add to a word that the CPU adds to, too: the page goes to and fro, and nothing that was added is lost.</summary>
public sealed class AtomicVsCpu : IDriverRace
{
    private const int Adds = 2;

    /// <inheritdoc/>
    public string Name => "atomic-vs-cpu";

    /// <inheritdoc/>
    public string Description =>
        "Two GPU threads add to a word that the CPU adds to, too: the page goes to and fro, and nothing that was added is lost.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run, Func<AddressSpace, GpuMirror, IMirrorStrategy>? strategy)
    {
        var machine = new SmallMachine(run, new SmallMachineOptions { Strategy = strategy });
        var added = new WakeEvent();
        run.Thread("gpu", () =>
        {
            machine.Launch(run, RaceKernels.AddAsync, new KernelArgs(Adds), 1, 2);
            added.Wait();
            ulong sum = machine.Cpu.Thread(1).Load<ulong>(SmallMachine.Address);
            SmallMachine.Demand(sum == SmallMachine.Mark + (3 * Adds), $"Nothing that was added is lost: 0x{sum:x}.");
        });
        run.Thread("cpu", () =>
        {
            for (int i = 0; i < Adds; i++)
            {
                Add(machine.Cpu.Thread(0));
            }

            added.Set();
        });
        run.AtEnd(machine.Dispose);
    }

    private static void Add(CpuThread cpu)
    {
        ulong seen = cpu.Load<ulong>(SmallMachine.Address);
        ulong before;
        while ((before = cpu.CompareExchange(SmallMachine.Address, seen, seen + 1)) != seen)
        {
            seen = before;
        }
    }
}
