namespace GpuSvm.Scenarios;

/// <summary>The driver closes an address space, which the GPU has loaded from, while one thread unmaps a page and another gives one up.</summary>
/// <remarks>P02 of the departures: removals of intervals that are put off must be waited for.</remarks>
public sealed class CloseVsUnmap : IDriverRace
{
    /// <inheritdoc/>
    public string Name => "close-vs-unmap";

    /// <inheritdoc/>
    public string Description =>
        "The driver closes an address space, which the GPU has loaded from, while one thread unmaps a page and another gives one up.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run, Func<AddressSpace, GpuMirror, IMirrorStrategy>? strategy)
    {
        var machine = new SmallMachine(run, new SmallMachineOptions { Strategy = strategy ?? MirrorStrategies.VmaSized });
        machine.Launch(run, RaceKernels.ReadOwnAsync, new KernelArgs(1), 1, 3);
        run.Thread("unmap", machine.UnmapFirst);
        run.Thread("discard", () => machine.Mm.Discard(SmallMachine.PageAt(1), Page.Size));
        run.Thread("close", machine.Close);
        run.AtEnd(machine.Dispose);
    }
}
