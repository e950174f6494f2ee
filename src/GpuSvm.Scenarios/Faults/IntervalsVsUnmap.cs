namespace GpuSvm.Scenarios;

/// <summary>A mirror of lasting intervals: the GPU loads from three pages while the CPU gives up the bytes of one, unmaps another, and replaces all.</summary>
public sealed class IntervalsVsUnmap : IDriverRace
{
    /// <inheritdoc/>
    public string Name => "intervals-vs-unmap";

    /// <inheritdoc/>
    public string Description =>
        "A mirror of lasting intervals: the GPU loads from three pages while the CPU gives up the bytes of one, unmaps another, and replaces all.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run, Func<AddressSpace, GpuMirror, IMirrorStrategy>? strategy)
    {
        var machine = new SmallMachine(run, new SmallMachineOptions { Strategy = strategy ?? MirrorStrategies.VmaSized });
        run.Thread("gpu", () => machine.Launch(
            run, RaceKernels.ReadOwnAsync, new KernelArgs(1), 1, 3, Errno.EFAULT));
        run.Thread("cpu", () =>
        {
            Errno error = machine.Mm.Discard(SmallMachine.PageAt(0), Page.Size);
            SmallMachine.Demand(error == Errno.None, $"A page can be discarded: {error}.");
            error = machine.Mm.Unmap(SmallMachine.PageAt(1), Page.Size);
            SmallMachine.Demand(error == Errno.None, $"A page can be unmapped: {error}.");

            // The intervals go as a whole, under a fault that has found one.
            machine.Replace();
        });
        run.AtEnd(machine.Dispose);
    }
}
