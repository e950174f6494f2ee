namespace GpuSvm.Scenarios;

/// <summary>A page of which nothing is there is given a frame by a migration while two threads store into it: no store is lost.</summary>
public sealed class HoleVsFault : IRaceScenario
{
    /// <inheritdoc/>
    public string Name => "hole-vs-fault";

    /// <inheritdoc/>
    public string Description => "A page of which nothing is there is given a frame by a migration while two threads store into it: no store is lost.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run)
    {
        var machine = new ProcessMachine(run, Deadline.Default);
        machine.MapUntouched();
        run.Thread("driver", () => machine.Migrate(machine.Parent, ProcessMachine.MovedWordAt(0)));
        for (int i = 0; i < 2; i++)
        {
            CpuThread cpu = machine.Parent.Thread(i);
            VirtualAddress word = ProcessMachine.MovedWordAt(i);
            run.Thread($"cpu {i}", () => ProcessMachine.StoreTwice(cpu, word));
        }

        machine.EndWith(run, () =>
        {
            CpuThread cpu = machine.Parent.Thread(0);
            ProcessMachine.DemandWord("No store is lost", cpu.Load<ulong>(ProcessMachine.MovedWordAt(0)), 2);
            ProcessMachine.DemandWord("No store is lost", cpu.Load<ulong>(ProcessMachine.MovedWordAt(1)), 2);
        });
    }
}
