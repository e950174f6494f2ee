namespace GpuSvm.Scenarios;

/// <summary>Two threads map a memory object for a while, each at an address of its own, and a process forks; the bytes stay for all.</summary>
/// <remarks>The mapping that lasts has no entry: a page whose last entry goes with one of the others is the object's to keep.</remarks>
public sealed class ViewVsView : IRaceScenario
{
    private const int Times = 2;
    private const ulong FirstView = 0x80_0000;
    private const ulong Stride = 0x40_0000;

    /// <inheritdoc/>
    public string Name => "view-vs-view";

    /// <inheritdoc/>
    public string Description =>
        "Two threads map a memory object for a while, each at an address of its own, and a process forks; the bytes stay for all.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run)
    {
        DeviceMachine machine = DeviceMachine.WithObject(run);
        for (int i = 0; i < 2; i++)
        {
            int thread = i;
            run.Thread($"view {i}", () => UseViews(machine, thread));
        }

        run.Thread("fork", () => Fork(machine));
        machine.EndWith(run, () =>
        {
            machine.DemandWord(0, 0, Times);
            machine.DemandWord(0, 1, Times);
        });
    }

    /// <summary>Counts a word up, each time in a mapping that is gone when the next one is made.</summary>
    private static void UseViews(DeviceMachine machine, int thread)
    {
        VirtualAddress view = FirstView + ((ulong)thread * Stride);
        VirtualAddress word = view + (8 * (ulong)thread);
        CpuThread cpu = machine.Cpu.Thread(thread);
        for (ulong i = 0; i < Times; i++)
        {
            Demand("mapped", machine.MapView(view));
            ProcessMachine.DemandWord("No store is lost", cpu.Load<ulong>(word), i);
            cpu.Store(word, i + 1);
            Demand("unmapped", machine.Mm.Unmap(view, DeviceMachine.PageCount * Page.Size));
        }
    }

    private static void Fork(DeviceMachine machine)
    {
        var cpu = new SimulatedCpu(machine.Memory, 1);
        Demand("shared with a child", machine.Mm.TryFork(cpu, null, out AddressSpace? child));
        ulong found = cpu.Thread(0).Load<ulong>(DeviceMachine.WordAt(0, 0));
        SmallMachine.Demand(found <= Times, $"A child finds what was stored: {found}.");
        child!.Dispose();
    }

    private static void Demand(string what, Errno error) =>
        SmallMachine.Demand(error == Errno.None, $"An object can be {what}: {error}.");
}
