namespace GpuSvm.Scenarios;

/// <summary>Two GPU threads load from a page on a worker, faults are served on another, and the CPU stores and replaces the page.</summary>
public sealed class OneWriter : IDriverRace
{
    /// <inheritdoc/>
    public string Name => "two-gpu-threads-one-writer";

    /// <inheritdoc/>
    public string Description => "Two GPU threads load from a page on a worker, faults are served on another, and the CPU stores and replaces the page.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run, Func<AddressSpace, GpuMirror, IMirrorStrategy>? strategy)
    {
        var machine = new SmallMachine(run, new SmallMachineOptions { Strategy = strategy, Execution = ExecutionMode.Parallel });
        run.Thread("launch", () => machine.Launch(run, RaceKernels.ReadSameAsync, new KernelArgs(2), 1, 2));
        run.Thread("cpu", () =>
        {
            machine.Cpu.Thread(0).Store(SmallMachine.Address, SmallMachine.Mark + 1);
            machine.Replace();
            machine.Cpu.Thread(0).Store(SmallMachine.Address, SmallMachine.Mark);
        });
        run.AtEnd(machine.Dispose);
    }
}
