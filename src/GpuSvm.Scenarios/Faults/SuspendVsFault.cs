namespace GpuSvm.Scenarios;

/// <summary>GPU threads fault while the driver is suspended and resumed: in between it does nothing, and none waits for ever.</summary>
public sealed class SuspendVsFault : IDriverRace
{
    /// <inheritdoc/>
    public string Name => "suspend-vs-fault";

    /// <inheritdoc/>
    public string Description => "GPU threads fault while the driver is suspended and resumed: in between it does nothing, and none waits for ever.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run, Func<AddressSpace, GpuMirror, IMirrorStrategy>? strategy)
    {
        var machine = new SmallMachine(run, new SmallMachineOptions { Strategy = strategy, Execution = ExecutionMode.Parallel });
        run.Thread("gpu", () => machine.Launch(run, RaceKernels.ReadOwnAsync, new KernelArgs(2), 1, 2));
        run.Thread("power", () =>
        {
            machine.Driver.Suspend();
            DriverCounters counters = machine.Driver.Counters;
            (long, long, long) before = (counters.Fetched, counters.PagesMapped, counters.Replays);
            machine.Cpu.Thread(0).Store(SmallMachine.Address, SmallMachine.Mark);
            machine.Replace();
            (long, long, long) after = (counters.Fetched, counters.PagesMapped, counters.Replays);
            SmallMachine.Demand(before == after && machine.Driver.MappedPages == 0, "A suspended driver leaves its device alone.");
            machine.Driver.Resume();
        });
        run.AtEnd(machine.Dispose);
    }
}
