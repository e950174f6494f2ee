namespace GpuSvm.Scenarios;

/// <summary>Two instances of a device walk an address space while one is parted from it, and while it goes.</summary>
public sealed class PartVsWalk : IRaceScenario
{
    /// <inheritdoc/>
    public string Name => "part-vs-walk";

    /// <inheritdoc/>
    public string Description => "Two instances of a device walk an address space while one is parted from it, and while it goes.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run)
    {
        var race = new RaceSpace();
        race.MapPage(0);
        run.Thread("client", () =>
        {
            race.Space.Part(0);
            SmallMachine.Demand(!race.Walkers[0].IsBusy, "No access of a parted instance is under way.");
            race.Space.Dispose();
        });
        for (int i = 0; i < race.Walkers.Count; i++)
        {
            RaceWalker walker = race.Walkers[i];
            run.Thread($"device {i}", () => walker.Load(RaceSpace.AddressOf(0)));
        }

        run.AtEnd(race.DemandNothingLeft);
    }
}
