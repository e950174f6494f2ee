namespace GpuSvm.Scenarios;

/// <summary>A device empties its memory, frame by frame, while the CPU touches a page there and the device stores into it.</summary>
public sealed class EvictVsFault : IRaceScenario
{
    /// <inheritdoc/>
    public string Name => "evict-vs-fault";

    /// <inheritdoc/>
    public string Description => "A device empties its memory, frame by frame, while the CPU touches a page there and the device stores into it.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run)
    {
        var machine = new DeviceMachine(run);
        RaceDevice device = machine.AddDevice();
        device.MoveIn(0);
        device.MoveIn(1);
        run.Thread("driver", () => device.Evict());
        run.Thread("cpu", () => machine.Count(0, 0, 0, 2));
        run.Thread("device", () => device.Count(0, 1, 2));
        machine.EndWith(run, () =>
        {
            device.MoveIn(1);
            SmallMachine.Demand(device.Evict() >= 1 && !device.Holds(1), "A page that nobody touches is driven out.");
            machine.DemandWord(0, 0, 2);
            machine.DemandWord(0, 1, 2);
        });
    }
}
