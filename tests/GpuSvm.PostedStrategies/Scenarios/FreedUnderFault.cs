namespace GpuSvm.PostedStrategies;

/// <summary>P01: an unmap removes the interval that a fault has found.</summary>
internal sealed class FreedUnderFault(Variant variant) : ReviewRace("p01", variant)
{
    /// <inheritdoc/>
    public override string Description => "A fault looks a page up under an interval that an unmap removes.";

    /// <inheritdoc/>
    public override void Build(ScheduleRun run)
    {
        SmallMachine machine = MachineOfIntervals(run);
        run.Thread("fault", () => Fault(machine, SmallMachine.PageAt(0)));
        run.Thread("unmap", () => Unmap(machine, SmallMachine.PageAt(0), SmallMachine.PageCount));
        run.AtEnd(machine.Dispose);
    }
}
