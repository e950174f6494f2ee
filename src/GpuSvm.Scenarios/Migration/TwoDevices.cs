namespace GpuSvm.Scenarios;

/// <summary>Two devices fault one page, each of which moves it to its own memory: both make progress and no store is lost.</summary>
public sealed class TwoDevices : IRaceScenario
{
    /// <inheritdoc/>
    public string Name => "two-devices";

    /// <inheritdoc/>
    public string Description => "Two devices fault one page, each of which moves it to its own memory: both make progress and no store is lost.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run)
    {
        var machine = new DeviceMachine(run);
        RaceDevice first = machine.AddDevice();
        RaceDevice second = machine.AddDevice();
        run.Thread("first", () =>
        {
            first.MoveIn(0);
            first.Count(0, 1, 2);
        });
        run.Thread("second", () =>
        {
            second.MoveIn(0);
            second.Count(0, 2, 2);
        });
        machine.EndWith(run, () =>
        {
            machine.DemandWord(0, 1, 2);
            machine.DemandWord(0, 2, 2);
        });
    }
}
