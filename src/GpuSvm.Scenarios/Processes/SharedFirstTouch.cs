namespace GpuSvm.Scenarios;

/// <summary>Two processes touch a page of shared memory that nobody has touched before: both see what both have stored.</summary>
public sealed class SharedFirstTouch : IRaceScenario
{
    /// <inheritdoc/>
    public string Name => "shared-first-touch";

    /// <inheritdoc/>
    public string Description => "Two processes touch a page of shared memory that nobody has touched before: both see what both have stored.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run)
    {
        var machine = new ProcessMachine(run, Deadline.Default);
        machine.MapShared();
        CpuThread[] threads = [machine.Parent.Thread(0), machine.Fork().Thread(0)];
        for (int i = 0; i < threads.Length; i++)
        {
            CpuThread cpu = threads[i];
            VirtualAddress word = ProcessMachine.MovedWordAt(i);
            run.Thread($"process {i}", () => ProcessMachine.StoreTwice(cpu, word));
        }

        machine.EndWith(run, () =>
        {
            foreach (CpuThread cpu in threads)
            {
                ProcessMachine.DemandWord("Both see a store", cpu.Load<ulong>(ProcessMachine.MovedWordAt(0)), 2);
                ProcessMachine.DemandWord("Both see a store", cpu.Load<ulong>(ProcessMachine.MovedWordAt(1)), 2);
            }
        });
    }
}
