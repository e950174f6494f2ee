namespace GpuSvm.Scenarios;

/// <summary>A mirror looks a page up while two threads change it, one of them inside another invalidation.</summary>
public sealed class NestedInvalidations : IRaceScenario
{
    /// <inheritdoc/>
    public string Name => "nested-invalidations";

    /// <inheritdoc/>
    public string Description => "A mirror looks a page up while two threads change it, one of them inside another invalidation.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run)
    {
        run.DemandProgress(Deadline.Default);
        var notifiers = new IntervalNotifiers();
        var mirror = new RaceMirror(notifiers);
        var notifier = new IntervalNotifier(mirror);
        run.Thread("mirror", () =>
        {
            notifiers.Insert(notifier, RaceMirror.Range);
            mirror.LookUp(notifier);
        });
        run.Thread("outer", () =>
        {
            var around = new Invalidation(RaceMirror.Neighbour, InvalidationCause.Clear);
            Errno error = notifiers.Begin(around, out InvalidationScope scope);
            SmallMachine.Demand(error == Errno.None, $"A blockable invalidation is not refused: {error}.");
            using (scope)
            {
                mirror.ChangeOnce();
            }
        });
        run.Thread("other", mirror.ChangeOnce);
        run.Invariant("While nothing is invalidated the mirror holds what the CPU holds, or nothing.", () => mirror.IsTrue);
        run.AtEnd(() =>
        {
            notifiers.Remove(notifier);
            SmallMachine.Demand(notifiers.Count == 0 && notifiers.Sequence % 2 == 0, "Nothing is left at the end.");
        });
    }
}
