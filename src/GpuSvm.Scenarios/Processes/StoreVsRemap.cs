namespace GpuSvm.Scenarios;

/// <summary>The CPU stores into a page while another thread moves it to another address: after that it keeps its bytes.</summary>
public sealed class StoreVsRemap : IRaceScenario
{
    /// <inheritdoc/>
    public string Name => "store-vs-remap";

    /// <inheritdoc/>
    public string Description => "The CPU stores into a page while another thread moves it to another address: after that it keeps its bytes.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run)
    {
        var machine = new ProcessMachine(run, Deadline.Default);
        CpuThread other = machine.Parent.Thread(1);
        run.Thread("cpu", () =>
        {
            CpuThread cpu = machine.Parent.Thread(0);
            for (ulong i = 1; i <= 3; i++)
            {
                cpu.Store(ProcessMachine.WordAt(0, 1), i);
            }

            ulong last = cpu.Load<ulong>(ProcessMachine.WordAt(0, 1));
            ProcessMachine.Demand(last is 0 or 3, "What was stored before the page moved has moved with it, all else is there.");
        });
        run.Thread("remap", () =>
        {
            machine.Remap(RemapFlags.DontUnmap);
            ulong first = other.Load<ulong>(ProcessMachine.MovedWordAt(1));
            ProcessMachine.DemandWord("A page keeps its bytes", other.Load<ulong>(ProcessMachine.MovedWordAt(0)), ProcessMachine.Mark);
            ulong second = other.Load<ulong>(ProcessMachine.MovedWordAt(1));
            ProcessMachine.DemandWord("No store to the old address shows at the new one", second, first);
        });
        machine.EndWith(run, () => ProcessMachine.DemandWord(
            "The old address reads as zero", other.Load<ulong>(ProcessMachine.WordAt(0, 0)), 0));
    }
}
