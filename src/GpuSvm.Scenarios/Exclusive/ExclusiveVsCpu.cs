namespace GpuSvm.Scenarios;

/// <summary>Two devices that have a page alone and the CPU add to one word of it: all make progress, and nothing is lost.</summary>
public sealed class ExclusiveVsCpu : IRaceScenario
{
    /// <inheritdoc/>
    public string Name => "exclusive-vs-cpu";

    /// <inheritdoc/>
    public string Description => "Two devices that have a page alone and the CPU add to one word of it: all make progress, and nothing is lost.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run)
    {
        var machine = new DeviceMachine(run);
        RaceDevice first = machine.AddDevice();
        RaceDevice second = machine.AddDevice();
        run.Thread("first", () => first.AddExclusively(0, 0));
        run.Thread("second", () => second.AddExclusively(0, 0));
        run.Thread("cpu", () =>
        {
            machine.AddAtomically(0, 0, 0);
            machine.AddAtomically(0, 0, 0);
        });
        machine.EndWith(run, () => machine.DemandWord(0, 0, 4));
    }
}
