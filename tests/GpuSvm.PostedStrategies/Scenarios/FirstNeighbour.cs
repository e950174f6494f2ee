namespace GpuSvm.PostedStrategies;

/// <summary>P05: a fault makes an interval between two others while the mapping has a hole cut out and filled again.</summary>
internal sealed class FirstNeighbour(Variant variant) : ReviewRace("p05", variant)
{
    private const ulong Region = 0x80_0000;
    private const ulong Pages = 5;

    /// <inheritdoc/>
    public override string Description => "A fault makes an interval in a mapping of which a page is unmapped and mapped again.";

    /// <inheritdoc/>
    public override void Build(ScheduleRun run)
    {
        SmallMachine machine = MachineOfIntervals(run);
        Map(machine, Region, Pages);
        Fault(machine, PageAt(0));
        Refill(machine, 1);
        run.Thread("remap", () => Refill(machine, 3));
        run.Thread("fault", () => Fault(machine, PageAt(3)));
        run.Invariant("No two intervals hold the same page.", () => !HasOverlap(machine));
        run.AtEnd(machine.Dispose);
    }

    private static VirtualAddress PageAt(ulong page) => Region + (page * Page.Size);

    private static void Refill(SmallMachine machine, ulong page)
    {
        Unmap(machine, PageAt(page), 1);
        Map(machine, PageAt(page), 1);
    }

    private static bool HasOverlap(SmallMachine machine) => machine.Client.Strategy switch
    {
        PostedIntervalStrategy posted => posted.HasOverlap,
        VmaSizedStrategy repaired => Enumerable.Range(0, (int)Pages).Any(page => IsHeldTwice(machine.Mm.Notifiers, repaired, (ulong)page)),
        _ => false,
    };

    private static bool IsHeldTwice(IntervalNotifiers notifiers, VmaSizedStrategy mirror, ulong page)
    {
        var range = AddressRange.PageAt(PageAt(page));
        return notifiers.TryFind(mirror, range, out IntervalNotifier? first)
            && notifiers.TryFindLast(mirror, range, out IntervalNotifier? last)
            && first != last;
    }
}
