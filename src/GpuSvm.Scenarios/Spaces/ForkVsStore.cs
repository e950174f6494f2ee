namespace GpuSvm.Scenarios;

/// <summary>A process forks while another thread of it stores to a page, then both write it: the child keeps one moment of the page.</summary>
public sealed class ForkVsStore : IRaceScenario
{
    private const ulong Stores = 4;

    /// <inheritdoc/>
    public string Name => "fork-vs-store";

    /// <inheritdoc/>
    public string Description =>
        "A process forks while another thread of it stores to a page, then both write it: the child keeps one moment of the page.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run)
    {
        var machine = new DeviceMachine(run);
        var cpu = new SimulatedCpu(machine.Memory, 1);
        AddressSpace? child = null;
        ulong seen = 0;
        run.Thread("cpu", () => machine.Count(0, 0, 0, Stores));
        run.Thread("fork", () =>
        {
            Errno error = machine.Mm.TryFork(cpu, null, out child);
            SmallMachine.Demand(error == Errno.None, $"A process forks: {error}.");
            seen = cpu.Thread(0).Load<ulong>(DeviceMachine.WordAt(0, 0));
            cpu.Thread(0).Store(DeviceMachine.WordAt(0, 1), 7UL);
        });
        machine.EndWith(run, () =>
        {
            machine.DemandWord(0, 0, Stores);
            machine.DemandWord(0, 1, 0);
            CpuThread thread = cpu.Thread(0);
            ulong kept = thread.Load<ulong>(DeviceMachine.WordAt(0, 0));
            SmallMachine.Demand(kept == seen && kept <= Stores, $"A child does not see what its parent stores later: {seen}, then {kept}.");
            SmallMachine.Demand(thread.Load<ulong>(DeviceMachine.WordAt(0, 1)) == 7, "A child keeps what it has stored.");
            child!.Dispose();
        });
    }
}
