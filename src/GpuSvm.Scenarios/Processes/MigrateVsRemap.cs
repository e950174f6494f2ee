namespace GpuSvm.Scenarios;

/// <summary>A page moves to another frame while it is remapped to another address: it is found there with its bytes.</summary>
public sealed class MigrateVsRemap : IRaceScenario
{
    /// <inheritdoc/>
    public string Name => "migrate-vs-remap";

    /// <inheritdoc/>
    public string Description => "A page moves to another frame while it is remapped to another address: it is found there with its bytes.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run)
    {
        var machine = new ProcessMachine(run, Deadline.Default);
        run.Thread("driver", () => machine.Migrate(machine.Parent, 0));
        run.Thread("remap", () =>
        {
            machine.Remap(RemapFlags.None);
            CpuThread cpu = machine.Parent.Thread(0);
            ProcessMachine.DemandWord("A page keeps its bytes", cpu.Load<ulong>(ProcessMachine.MovedWordAt(0)), ProcessMachine.Mark);
            cpu.Store(ProcessMachine.MovedWordAt(0), ProcessMachine.Mark + 1);
        });
        machine.EndWith(run, () => ProcessMachine.DemandWord(
            "No store is lost", machine.Parent.Thread(0).Load<ulong>(ProcessMachine.MovedWordAt(0)), ProcessMachine.Mark + 1));
    }
}
