namespace GpuSvm.Scenarios;

/// <summary>Two threads move the same page at once while the CPU counts in it.</summary>
public sealed class TwoMigrations : IRaceScenario
{
    private const int Stores = 2;

    /// <inheritdoc/>
    public string Name => "two-migrations";

    /// <inheritdoc/>
    public string Description => "Two threads move the same page at once while the CPU counts in it.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run)
    {
        var machine = new SmallMachine(run, new SmallMachineOptions());
        run.Thread("driver 0", () => machine.Migrate(1));
        run.Thread("driver 1", () => machine.Migrate(1));
        run.Thread("cpu", () =>
        {
            CpuThread cpu = machine.Cpu.Thread(0);
            for (ulong i = 0; i < Stores; i++)
            {
                ulong before = cpu.Load<ulong>(SmallMachine.Address);
                SmallMachine.Demand(before == SmallMachine.Mark + i, $"No store of the CPU is lost: 0x{before:x}.");
                cpu.Store(SmallMachine.Address, before + 1);
            }
        });
        run.AtEnd(machine.Dispose);
    }
}
