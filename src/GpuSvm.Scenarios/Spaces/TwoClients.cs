namespace GpuSvm.Scenarios;

/// <summary>Two threads map and unmap neighbours in one table, while a device loads from one of them.</summary>
public sealed class TwoClients : IRaceScenario
{
    /// <inheritdoc/>
    public string Name => "two-clients";

    /// <inheritdoc/>
    public string Description => "Two threads map and unmap neighbours in one table, while a device loads from one of them.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run)
    {
        var race = new RaceSpace();
        race.MapPage(0);
        run.Thread("first", () => race.UnmapPage(0));
        run.Thread("second", () =>
        {
            race.MapPage(1);
            race.UnmapPage(1);
        });
        run.Thread("device", () =>
        {
            race.Walkers[0].Load(RaceSpace.AddressOf(0));
            race.Walkers[0].Load(RaceSpace.AddressOf(0));
        });
        run.AtEnd(race.TakeDown);
    }
}
