namespace GpuSvm.Scenarios;

/// <summary>A device stores into a page of its own memory while that is copied home, and comes back for more.</summary>
public sealed class StoreVsCopy : IRaceScenario
{
    /// <inheritdoc/>
    public string Name => "store-vs-copy";

    /// <inheritdoc/>
    public string Description => "A device stores into a page of its own memory while that is copied home, and comes back for more.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run)
    {
        var machine = new DeviceMachine(run);
        RaceDevice device = machine.AddDevice();
        device.MoveIn(0);
        run.Thread("device", () => device.Count(0, 1, 3));
        run.Thread("driver", () =>
        {
            device.MoveOut(0);
            device.MoveIn(0);
        });
        machine.EndWith(run, () => machine.DemandWord(0, 1, 3));
    }
}
