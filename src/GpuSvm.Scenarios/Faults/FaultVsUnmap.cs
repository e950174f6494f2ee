namespace GpuSvm.Scenarios;

/// <summary>The GPU loads from a page, twice, while the CPU unmaps it.</summary>
public sealed class FaultVsUnmap : IDriverRace
{
    /// <inheritdoc/>
    public string Name => "fault-vs-unmap";

    /// <inheritdoc/>
    public string Description => "The GPU loads from a page, twice, while the CPU unmaps it.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run, Func<AddressSpace, GpuMirror, IMirrorStrategy>? strategy)
    {
        var machine = new SmallMachine(run, new SmallMachineOptions { Strategy = strategy });
        run.Thread("gpu", () => machine.Launch(run, RaceKernels.ReadSameAsync, new KernelArgs(2), 1, 1, Errno.EFAULT));
        run.Thread("cpu", () =>
        {
            Errno error = machine.Mm.Unmap(SmallMachine.Address, SmallMachine.PageCount * Page.Size);
            SmallMachine.Demand(error == Errno.None, $"Pages can be unmapped: {error}.");
        });
        run.AtEnd(machine.Dispose);
    }
}
