namespace GpuSvm.Scenarios;

/// <summary>A device empties its memory and goes, while two CPUs touch pages that live there; one comes by an address space of its own.</summary>
public sealed class DeviceRemovalVsTouch : IRaceScenario
{
    private const int Stores = 2;

    /// <inheritdoc/>
    public string Name => "device-removal-vs-touch";

    /// <inheritdoc/>
    public string Description =>
        "A device empties its memory and goes, while two CPUs touch pages that live there; one comes by an address space of its own.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run)
    {
        DeviceMachine machine = DeviceMachine.WithObject(run);
        for (int page = 0; page < DeviceMachine.PageCount; page++)
        {
            machine.Cpu.Thread(0).Store(DeviceMachine.WordAt(page, 0), 0UL);
        }

        RaceDevice device = machine.AddDevice();
        SmallMachine.Demand(device.MoveIn(0) && device.MoveIn(1), "A device takes pages that nobody uses.");
        var cpu = new SimulatedCpu(machine.Memory, 1);
        Errno error = machine.Mm.TryFork(cpu, null, out AddressSpace? child);
        SmallMachine.Demand(error == Errno.None, $"A process can fork: {error}.");
        run.Thread("driver", () => machine.RemoveDevice(device));
        run.Thread("cpu", () => machine.Count(0, 0, 0, Stores));
        run.Thread("child", () => cpu.Thread(0).Store(DeviceMachine.WordAt(0, 1), 7UL));
        run.AtEnd(() =>
        {
            SmallMachine.Demand(cpu.Thread(0).Load<ulong>(DeviceMachine.WordAt(0, 0)) == Stores, "Both see the same page.");
            child!.Dispose();
        });
        machine.EndWith(run, () =>
        {
            machine.DemandWord(0, 0, Stores);
            machine.DemandWord(0, 1, 7);
            machine.DemandWord(1, 0, 0);
        });
    }
}
