namespace GpuSvm.Scenarios;

/// <summary>A page of a process moves to another frame while a forked child, which shares it, stores into it.</summary>
public sealed class ChildWriteVsCopy : IRaceScenario
{
    /// <inheritdoc/>
    public string Name => "child-write-vs-copy";

    /// <inheritdoc/>
    public string Description => "A page of a process moves to another frame while a forked child, which shares it, stores into it.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run)
    {
        var machine = new ProcessMachine(run, Deadline.Default);
        RaceProcess child = machine.Fork();
        run.Thread("driver", () => machine.Migrate(machine.Parent, ProcessMachine.WordAt(0, 0)));
        run.Thread("child", () =>
        {
            CpuThread cpu = child.Thread(0);
            ProcessMachine.DemandWord("The child has the bytes", cpu.Load<ulong>(ProcessMachine.WordAt(0, 0)), ProcessMachine.Mark);
            cpu.Store(ProcessMachine.WordAt(0, 0), ProcessMachine.Mark + 1);
            ProcessMachine.DemandWord("No store is lost", cpu.Load<ulong>(ProcessMachine.WordAt(0, 0)), ProcessMachine.Mark + 1);
        });
        machine.EndWith(run, () =>
        {
            ProcessMachine.DemandWord("The child keeps its bytes", child.Thread(0).Load<ulong>(ProcessMachine.WordAt(0, 0)), ProcessMachine.Mark + 1);
            ProcessMachine.DemandWord(
                "The parent keeps its bytes", machine.Parent.Thread(0).Load<ulong>(ProcessMachine.WordAt(0, 0)), ProcessMachine.Mark);
        });
    }
}
