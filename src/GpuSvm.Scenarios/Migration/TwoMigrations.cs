namespace GpuSvm.Scenarios;

/// <summary>Two threads move the same pages at once while the CPU counts in one of them.</summary>
public sealed class TwoMigrations : IDriverRace
{
    private const int Stores = 3;

    /// <inheritdoc/>
    public string Name => "two-migrations";

    /// <inheritdoc/>
    public string Description => "Two threads move the same pages at once while the CPU counts in one of them.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run, Func<AddressSpace, GpuMirror, IMirrorStrategy>? strategy)
    {
        var machine = new SmallMachine(run, new SmallMachineOptions { Strategy = strategy });
        run.Thread("driver 0", () => machine.Migrate(2));
        run.Thread("driver 1", () => machine.Migrate(2));
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
