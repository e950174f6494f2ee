namespace GpuSvm.Scenarios;

/// <summary>A device walks tables while the table of small pages beside a large one is made and freed.</summary>
public sealed class TablesVsWalk : IRaceScenario
{
    private const ulong Large = RaceSpace.Address + 0x10_0000;
    private const ulong LargeSize = 0x1_0000;
    private const ulong Memory = 0x10_0000;

    /// <inheritdoc/>
    public string Name => "tables-vs-walk";

    /// <inheritdoc/>
    public string Description => "A device walks tables while the table of small pages beside a large one is made and freed.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run)
    {
        var race = new RaceSpace();
        var memory = GpuMemoryObject.Contiguous(Aperture.VideoMemory, Memory, LargeSize, pageShift: 16);
        Errno error = race.Space.Map(Large, LargeSize, memory);
        SmallMachine.Demand(error == Errno.None, $"A large page can be mapped: {error}.");
        run.Thread("client", () =>
        {
            race.MapPage(0);
            race.UnmapPage(0);
        });
        run.Thread("device", () =>
        {
            race.Walkers[0].Load(RaceSpace.AddressOf(0));
            ulong? found = race.Walkers[0].Load(Large);
            SmallMachine.Demand(found == Memory, "The page beside a table that comes and goes is found at all times.");
        });
        run.AtEnd(race.TakeDown);
    }
}
