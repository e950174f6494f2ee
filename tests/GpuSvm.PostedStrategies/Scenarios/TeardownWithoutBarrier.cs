namespace GpuSvm.PostedStrategies;

/// <summary>P02: teardown returns while the removal of an interval is still under way.</summary>
/// <remarks>Shown with P06 mended: a teardown that finds such an interval for ever does not return.</remarks>
internal sealed class TeardownWithoutBarrier(Variant variant) : ReviewRace("p02", variant)
{
    /// <inheritdoc/>
    public override string Description => "The driver closes an address space while an unmap removes its interval.";

    /// <inheritdoc/>
    public override void Build(ScheduleRun run)
    {
        SmallMachine machine = MachineOfIntervals(run, TeardownSearch.OnlyOthers);
        Fault(machine, SmallMachine.PageAt(0));
        run.Thread("unmap", () => Unmap(machine, SmallMachine.PageAt(0), SmallMachine.PageCount));
        run.Thread("teardown", machine.Close);
        run.AtEnd(machine.Dispose);
    }
}
