namespace GpuSvm.PostedStrategies;

/// <summary>D04: an unmap from below the client's window reaches into it.</summary>
internal sealed class WindowCleared(Variant variant) : ReviewRace("d04", variant)
{
    private static readonly VirtualAddress Window = SmallMachine.PageAt(SmallMachine.PageCount);

    /// <inheritdoc/>
    public override string Description => "The last page below the client's window is mapped by a fault while an unmap reaches into the window.";

    /// <inheritdoc/>
    public override void Build(ScheduleRun run)
    {
        var machine = new SmallMachine(run, new SmallMachineOptions
        {
            Unmanaged = AddressRange.PageAt(Window),
            Strategy = IsPosted ? (mm, mirror) => new PostedWindowStrategy(mm, mirror) : (mm, mirror) => new PerFaultStrategy(mm, mirror),
        });
        GpuAddressSpace space = machine.Client.Mirror.Space;
        Errno error = space.PfnMap(Page.Shift, Window, [PfnEntry.VideoMemory(0, TranslationRights.Read)]);
        SmallMachine.Demand(error == Errno.None, $"A client may map in its window: {error}.");
        VirtualAddress below = SmallMachine.PageAt(SmallMachine.PageCount - 1);
        bool isOpen = true;
        run.Thread("fault", () => Fault(machine, below));
        run.Thread("unmap", () => Unmap(machine, below, 2));
        run.Invariant("What a client has mapped in its window stays.", () => !isOpen || space.Translate(Window).Kind == PageTableEntryKind.Page);
        run.AtEnd(() => isOpen = false);
        run.AtEnd(machine.Dispose);
    }
}
