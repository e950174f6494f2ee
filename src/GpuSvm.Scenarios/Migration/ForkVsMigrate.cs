namespace GpuSvm.Scenarios;

/// <summary>A process forks while a page moves to a device, and both write it: neither sees what the other writes, and no store is lost.</summary>
public sealed class ForkVsMigrate : IRaceScenario
{
    private const int Stores = 2;

    /// <inheritdoc/>
    public string Name => "fork-vs-migrate";

    /// <inheritdoc/>
    public string Description =>
        "A process forks while a page moves to a device, and both write it: neither sees what the other writes, and no store is lost.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run)
    {
        var machine = new DeviceMachine(run);
        RaceDevice device = machine.AddDevice();
        var cpu = new SimulatedCpu(machine.Memory, 1);
        AddressSpace? child = null;
        run.Thread("device", () => device.Count(0, 2, Stores));
        run.Thread("driver", () => device.MoveIn(0));
        run.Thread("parent", () =>
        {
            Errno error = machine.Mm.TryFork(cpu, null, out child);
            SmallMachine.Demand(error == Errno.None, $"A process forks: {error}.");
            cpu.Thread(0).Store(DeviceMachine.WordAt(0, 0), 7UL);
            machine.Cpu.Thread(0).Store(DeviceMachine.WordAt(0, 1), 8UL);
        });
        machine.EndWith(run, () =>
        {
            machine.DemandWord(0, 0, 0);
            machine.DemandWord(0, 1, 8);
            machine.DemandWord(0, 2, Stores);
            CpuThread thread = cpu.Thread(0);
            SmallMachine.Demand(
                thread.Load<ulong>(DeviceMachine.WordAt(0, 0)) == 7 && thread.Load<ulong>(DeviceMachine.WordAt(0, 1)) == 0 &&
                thread.Load<ulong>(DeviceMachine.WordAt(0, 2)) <= Stores,
                "The child has what was there when it was made, and what it has written.");
            child!.Dispose();
        });
    }
}
