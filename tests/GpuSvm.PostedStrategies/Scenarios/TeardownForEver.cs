namespace GpuSvm.PostedStrategies;

/// <summary>P06: teardown looks for intervals with the lock held that an unmap needs to go on.</summary>
internal sealed class TeardownForEver(Variant variant) : ReviewRace("p06", variant)
{
    private const ulong Second = SmallMachine.Address + 0x10_0000;

    /// <inheritdoc/>
    public override string Description => "The driver closes an address space while an unmap removes two intervals, one after the other.";

    /// <inheritdoc/>
    public override void Build(ScheduleRun run)
    {
        SmallMachine machine = MachineOfIntervals(run);
        Map(machine, Second, 1);
        Fault(machine, SmallMachine.PageAt(0));
        Fault(machine, Second);
        run.Thread("unmap", () => Unmap(machine, SmallMachine.PageAt(0), ((Second - SmallMachine.Address) / Page.Size) + 1));
        run.Thread("teardown", machine.Close);
        run.AtEnd(machine.Dispose);
    }
}
