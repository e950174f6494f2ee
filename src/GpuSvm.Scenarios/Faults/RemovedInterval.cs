namespace GpuSvm.Scenarios;

/// <summary>The GPU loads from a page while the CPU maps it anew, which removes the interval that the fault has found, and then gives it up.</summary>
/// <remarks>P01 of the departures: what a fault has found may be on the list of deferred removals.</remarks>
public sealed class RemovedInterval : IDriverRace
{
    /// <inheritdoc/>
    public string Name => "removed-interval";

    /// <inheritdoc/>
    public string Description =>
        "The GPU loads from a page while the CPU maps it anew, which removes the interval that the fault has found, and then gives it up.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run, Func<AddressSpace, GpuMirror, IMirrorStrategy>? strategy)
    {
        var machine = new SmallMachine(run, new SmallMachineOptions { Strategy = strategy ?? MirrorStrategies.TableAligned });
        run.Thread("gpu", () => machine.Launch(run, RaceKernels.ReadSameAsync, new KernelArgs(2), 1, 1));
        run.Thread("cpu", () =>
        {
            machine.Replace();
            machine.Cpu.Thread(0).Store(SmallMachine.Address, SmallMachine.Mark);
            Errno error = machine.Mm.Discard(SmallMachine.Address, Page.Size);
            SmallMachine.Demand(error == Errno.None, $"A page can be discarded: {error}.");
        });
        run.AtEnd(machine.Dispose);
    }
}
