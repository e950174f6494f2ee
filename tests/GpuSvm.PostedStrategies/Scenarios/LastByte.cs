namespace GpuSvm.PostedStrategies;

/// <summary>P03: an interval reaches one byte beyond what is unmapped.</summary>
internal sealed class LastByte(Variant variant) : ReviewRace("p03", variant)
{
    private static readonly AddressRange Unmapped = new(0x1000UL, 0x2000UL);
    private static readonly AddressRange Rest = new(0x2000UL, 0x2001UL);

    /// <inheritdoc/>
    public override string Description => "The bytes below a mirrored one are unmapped while it is looked up, and then it changes.";

    /// <inheritdoc/>
    public override void Build(ScheduleRun run)
    {
        var notifiers = new IntervalNotifiers();
        var mirror = new ByteMirror(notifiers, Rest, Cut);
        var notifier = new IntervalNotifier(mirror);
        notifiers.Insert(notifier, new AddressRange(Unmapped.Start, Rest.End));
        run.Thread("mirror", () => mirror.LookUp(notifier));
        run.Thread("cpu", () =>
        {
            ByteMirror.Invalidate(notifiers, Unmapped, static () => { });
            ByteMirror.Invalidate(notifiers, Rest, mirror.Change);
        });
        run.Invariant("A mirrored byte is what the CPU holds, while nothing is invalidated.", () => mirror.IsTrue);
    }

    private void Cut(IntervalNotifiers notifiers, IntervalNotifier notifier, AddressRange hole)
    {
        AddressRange? kept;
        if (IsPosted)
        {
            kept = PostedCut.PiecesBeside(hole, notifier.Range).Kept;
        }
        else
        {
            AddressRange right = VmaSizedStrategy.PiecesBeside(hole, notifier.Range).Right;
            kept = right.IsEmpty ? null : right;
        }

        if (kept is { } range)
        {
            notifiers.Resize(notifier, range);
        }
        else
        {
            notifiers.RemoveDeferred(notifier);
        }
    }
}
