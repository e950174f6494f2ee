namespace GpuSvm.Scenarios;

/// <summary>A page lives in a device when its process forks: parent and child store into it at once, and each gets a page of its own.</summary>
public sealed class TwoProcesses : IRaceScenario
{
    /// <inheritdoc/>
    public string Name => "two-processes";

    /// <inheritdoc/>
    public string Description =>
        "A page lives in a device when its process forks: parent and child store into it at once, and each gets a page of its own.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run)
    {
        var machine = new DeviceMachine(run);
        RaceDevice device = machine.AddDevice();
        bool isAway = device.MoveIn(0);
        var cpu = new SimulatedCpu(machine.Memory, 1);
        Errno error = machine.Mm.TryFork(cpu, null, out AddressSpace? child);
        SmallMachine.Demand(isAway && error == Errno.None, $"A process forks whose page lives in a device: {error}.");
        run.Thread("parent", () => machine.Count(0, 0, 0, 2));
        run.Thread("child", () => cpu.Thread(0).Store(DeviceMachine.WordAt(0, 1), 8UL));
        run.Thread("evictor", () => device.Evict());
        machine.EndWith(run, () =>
        {
            CpuThread thread = cpu.Thread(0);
            machine.DemandWord(0, 0, 2);
            machine.DemandWord(0, 1, 0);
            SmallMachine.Demand(
                thread.Load<ulong>(DeviceMachine.WordAt(0, 0)) == 0 && thread.Load<ulong>(DeviceMachine.WordAt(0, 1)) == 8,
                "The child has what was there when it was made, and what it has written.");
            child!.Dispose();
        });
    }
}
