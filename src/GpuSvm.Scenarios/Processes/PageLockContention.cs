namespace GpuSvm.Scenarios;

/// <summary>Two threads store into a page that two others move, and so lock: all go on, and nobody waits for a deadline.</summary>
public sealed class PageLockContention : IRaceScenario
{
    /// <inheritdoc/>
    public string Name => "page-lock-contention";

    /// <inheritdoc/>
    public string Description => "Two threads store into a page that two others move, and so lock: all go on, and nobody waits for a deadline.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run)
    {
        const ulong Stores = 2;
        var machine = new ProcessMachine(run, TimeSpan.Zero);
        run.Thread("cpu 0", () => ProcessMachine.Count(machine.Parent.Thread(0), ProcessMachine.WordAt(0, 1), Stores));
        run.Thread("cpu 1", () => ProcessMachine.Count(machine.Parent.Thread(1), ProcessMachine.WordAt(0, 2), Stores));
        run.Thread("driver 0", () => machine.Migrate(machine.Parent, ProcessMachine.WordAt(0, 0)));
        run.Thread("driver 1", () => machine.Migrate(machine.Parent, ProcessMachine.WordAt(0, 0)));
        machine.EndWith(run, () =>
        {
            CpuThread cpu = machine.Parent.Thread(0);
            ProcessMachine.DemandWord("No store is lost", cpu.Load<ulong>(ProcessMachine.WordAt(0, 1)), Stores);
            ProcessMachine.DemandWord("No store is lost", cpu.Load<ulong>(ProcessMachine.WordAt(0, 2)), Stores);
            ProcessMachine.Demand(machine.Migrate(machine.Parent, ProcessMachine.WordAt(0, 0)), "A page that nobody holds moves.");
        });
    }
}
