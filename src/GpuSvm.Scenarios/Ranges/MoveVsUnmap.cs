namespace GpuSvm.Scenarios;

/// <summary>The GPU's fault moves a range while the CPU unmaps it, maps other pages there and stores: nobody sees what was freed.</summary>
public sealed class MoveVsUnmap : IDriverRace
{
    /// <inheritdoc/>
    public string Name => "move-vs-unmap";

    /// <inheritdoc/>
    public string Description =>
        "The GPU's fault moves a range while the CPU unmaps it, maps other pages there and stores: nobody sees what was freed.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run, Func<AddressSpace, GpuMirror, IMirrorStrategy>? strategy)
    {
        var machine = new SmallMachine(run, new SmallMachineOptions
        {
            Strategy = strategy ?? MirrorStrategies.SizedRanges,
            Ranges = SmallMachineOptions.PairsOnDevice,
            ReadAroundPages = 1,
        });
        run.Thread("gpu", () => machine.Launch(run, RaceKernels.ReadOwnAsync, new KernelArgs(2), 1, 2));
        run.Thread("program", machine.Replace);
        run.Thread("cpu", () =>
        {
            CpuThread cpu = machine.Cpu.Thread(0);
            SmallMachine.DemandStored("The CPU", cpu.Load<ulong>(SmallMachine.PageAt(1)));
            cpu.Store(SmallMachine.PageAt(1), SmallMachine.Mark);
        });
        run.AtEnd(machine.Dispose);
    }
}
