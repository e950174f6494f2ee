namespace GpuSvm.Scenarios;

/// <summary>A device has a page alone while another moves it to its own memory, and the CPU takes away and gives back write access.</summary>
public sealed class ExclusiveVsMigrate : IRaceScenario
{
    /// <inheritdoc/>
    public string Name => "exclusive-vs-migrate";

    /// <inheritdoc/>
    public string Description => "A device has a page alone while another moves it to its own memory, and the CPU takes away and gives back write access.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run)
    {
        var machine = new DeviceMachine(run);
        RaceDevice first = machine.AddDevice();
        RaceDevice second = machine.AddDevice();
        run.Thread("first", () =>
        {
            first.AddExclusively(0, 0);
            first.AddExclusively(0, 0);
        });
        run.Thread("second", () => second.MoveIn(0));
        run.Thread("cpu", () =>
        {
            Errno error = machine.Mm.WriteProtect(DeviceMachine.Address, Page.Size);
            SmallMachine.Demand(error == Errno.None, $"Stores to a page can be told of: {error}.");
        });
        machine.EndWith(run, () => machine.DemandWord(0, 0, 2));
    }
}
