namespace GpuSvm.Scenarios;

/// <summary>The CPU touches a page while it moves to a device and comes home: no store is lost, and a page that has moved is there.</summary>
public sealed class CpuFaultVsMigrate : IRaceScenario
{
    /// <inheritdoc/>
    public string Name => "cpu-fault-vs-migrate";

    /// <inheritdoc/>
    public string Description => "The CPU touches a page while it moves to a device and comes home: no store is lost, and a page that has moved is there.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run)
    {
        var machine = new DeviceMachine(run);
        RaceDevice device = machine.AddDevice();
        run.Thread("driver", () =>
        {
            device.MoveIn(0);
            device.MoveIn(0);
        });
        run.Thread("cpu", () => machine.Count(0, 0, 0, 3));
        run.Thread("device", () => device.Count(0, 1, 2));
        machine.EndWith(run, () =>
        {
            machine.DemandWord(0, 0, 3);
            machine.DemandWord(0, 1, 2);
            SmallMachine.Demand(device.MoveIn(0) && device.Holds(0), "A page that nobody touches moves, and is where it has moved to.");
        });
    }
}
