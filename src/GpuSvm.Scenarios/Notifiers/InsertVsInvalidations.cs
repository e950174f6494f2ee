namespace GpuSvm.Scenarios;

/// <summary>A notifier is inserted and its mirror filled, beside one that is there already, while two threads change the page.</summary>
public sealed class InsertVsInvalidations : IRaceScenario
{
    /// <inheritdoc/>
    public string Name => "insert-vs-invalidations";

    /// <inheritdoc/>
    public string Description => "A notifier is inserted and its mirror filled, beside one that is there already, while two threads change the page.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run)
    {
        run.DemandProgress(Deadline.Default);
        var notifiers = new IntervalNotifiers();
        var mirror = new RaceMirror(notifiers);
        var resident = new IntervalNotifier(new RaceMirror(notifiers));
        var notifier = new IntervalNotifier(mirror);
        notifiers.Insert(resident, RaceMirror.Range);
        run.Thread("mirror", () =>
        {
            notifiers.Insert(notifier, RaceMirror.Range);
            mirror.LookUp(notifier);
        });
        run.Thread("cpu 0", mirror.ChangeOnce);
        run.Thread("cpu 1", mirror.ChangeOnce);
        run.Invariant("While nothing is invalidated the mirror holds what the CPU holds, or nothing.", () => mirror.IsTrue);
        run.AtEnd(() =>
        {
            notifiers.Remove(notifier);
            notifiers.Remove(resident);
            SmallMachine.Demand(notifiers.Count == 0 && notifiers.Sequence % 2 == 0, "Nothing is left at the end.");
        });
    }
}
