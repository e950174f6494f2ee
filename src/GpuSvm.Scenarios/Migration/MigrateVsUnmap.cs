namespace GpuSvm.Scenarios;

/// <summary>The driver moves the pages of a mapping while the CPU unmaps them and maps others there, into which the GPU stores.</summary>
public sealed class MigrateVsUnmap : IDriverRace
{
    /// <inheritdoc/>
    public string Name => "migrate-vs-unmap";

    /// <inheritdoc/>
    public string Description => "The driver moves the pages of a mapping while the CPU unmaps them and maps others there, into which the GPU stores.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run, Func<AddressSpace, GpuMirror, IMirrorStrategy>? strategy)
    {
        var machine = new SmallMachine(run, new SmallMachineOptions { Strategy = strategy });
        run.Thread("gpu", () => machine.Launch(run, RaceKernels.CountAsync, new KernelArgs(1), 1, 1));
        run.Thread("driver", () => machine.Migrate(2));
        run.Thread("cpu", () =>
        {
            machine.Replace();
            CpuThread cpu = machine.Cpu.Thread(0);
            cpu.Store(SmallMachine.PageAt(1), SmallMachine.Mark + 1);
            ulong value = cpu.Load<ulong>(SmallMachine.PageAt(1));
            SmallMachine.Demand(value == SmallMachine.Mark + 1, $"A page that was mapped anew keeps what is stored there: 0x{value:x}.");
        });
        run.AtEnd(machine.Dispose);
    }
}
