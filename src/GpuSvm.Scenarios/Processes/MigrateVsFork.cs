namespace GpuSvm.Scenarios;

/// <summary>A page moves to another frame while its process stores into it and forks: both processes find it, and each has its own bytes.</summary>
public sealed class MigrateVsFork : IRaceScenario
{
    /// <inheritdoc/>
    public string Name => "migrate-vs-fork";

    /// <inheritdoc/>
    public string Description => "A page moves to another frame while its process stores into it and forks: both processes find it, and each has its own bytes.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run)
    {
        const ulong Stores = 2;
        var machine = new ProcessMachine(run, Deadline.Default);
        run.Thread("driver", () => machine.Migrate(machine.Parent, 0));
        run.Thread("parent", () => ProcessMachine.Count(machine.Parent.Thread(0), 0, 1, Stores));
        run.Thread("child", () =>
        {
            CpuThread child = machine.Fork().Thread(0);
            ulong first = child.Load<ulong>(ProcessMachine.WordAt(0, 1));
            child.Store(ProcessMachine.WordAt(0, 0), first);
            ulong second = child.Load<ulong>(ProcessMachine.WordAt(0, 1));
            ProcessMachine.DemandWord("No store of the parent shows in a child", second, first);
        });
        machine.EndWith(run, () =>
        {
            CpuThread parent = machine.Parent.Thread(0);
            ProcessMachine.DemandWord("No store of the parent is lost", parent.Load<ulong>(ProcessMachine.WordAt(0, 1)), Stores);
            ProcessMachine.DemandWord(
                "No store of the child shows in the parent", parent.Load<ulong>(ProcessMachine.WordAt(0, 0)), ProcessMachine.Mark);
            ProcessMachine.Demand(machine.Migrate(machine.Parent, 0), "A page that nobody touches moves.");
        });
    }
}
