namespace GpuSvm.Scenarios;

/// <summary>Two workers serve faults of two blocks while the CPU unmaps both: each page is mapped by a worker that has its own lane.</summary>
public sealed class WorkersVsUnmap : IDriverRace
{
    /// <inheritdoc/>
    public string Name => "workers-vs-unmap";

    /// <inheritdoc/>
    public string Description => "Two workers serve faults of two blocks while the CPU unmaps both.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run, Func<AddressSpace, GpuMirror, IMirrorStrategy>? strategy)
    {
        var machine = new SmallMachine(run, new SmallMachineOptions { Execution = ExecutionMode.Parallel, Workers = 2, Strategy = strategy });
        Errno error = machine.Mm.Map(SmallMachine.MovedAddress, Page.Size, Protection.ReadWrite, MapPlacement.Fixed, out _);
        SmallMachine.Demand(error == Errno.None, $"Pages can be mapped: {error}.");
        run.Thread("launch", () => machine.Launch(run, RaceKernels.ReadBlocksAsync, new KernelArgs(1), 1, 2, Errno.EFAULT));
        run.Thread("cpu", () =>
        {
            Errno unmapped = machine.Mm.Unmap(SmallMachine.Address, SmallMachine.MovedAddress + Page.Size - SmallMachine.Address);
            SmallMachine.Demand(unmapped == Errno.None, $"Pages can be unmapped: {unmapped}.");
        });
        run.AtEnd(machine.Dispose);
    }
}
