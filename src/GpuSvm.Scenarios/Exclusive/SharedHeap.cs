namespace GpuSvm.Scenarios;

/// <summary>Two processes share memory: a device has a page of it alone, then moves it, while both add to one word; nothing is lost.</summary>
public sealed class SharedHeap : IRaceScenario
{
    /// <inheritdoc/>
    public string Name => "shared-heap";

    /// <inheritdoc/>
    public string Description =>
        "Two processes share memory: a device has a page of it alone, then moves it, while both add to one word; nothing is lost.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run)
    {
        DeviceMachine machine = DeviceMachine.WithObject(run);
        RaceDevice device = machine.AddDevice();
        machine.Cpu.Thread(0).Store(DeviceMachine.WordAt(0, 0), 0UL);
        machine.Cpu.Thread(0).Store(DeviceMachine.WordAt(1, 0), 0UL);
        var cpu = new SimulatedCpu(machine.Memory, 1);
        Errno error = machine.Mm.TryFork(cpu, null, out AddressSpace? child);
        SmallMachine.Demand(error == Errno.None, $"A process forks: {error}.");
        run.Thread("device", () =>
        {
            device.AddExclusively(0, 0);
            device.MoveIn(0);
        });
        run.Thread("parent", () => machine.AddAtomically(0, 0, 0));
        run.Thread("child", () =>
        {
            DeviceMachine.AddAtomically(cpu.Thread(0), 0, 0);
            DeviceMachine.AddAtomically(cpu.Thread(0), 0, 0);
        });
        machine.EndWith(run, () =>
        {
            machine.DemandWord(0, 0, 4);
            child!.Dispose();
        });
    }
}
