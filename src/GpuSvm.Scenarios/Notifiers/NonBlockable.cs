namespace GpuSvm.Scenarios;

/// <summary>A mirror looks a page up while a change that may not wait is made if nobody holds it back, and left otherwise.</summary>
public sealed class NonBlockable : IRaceScenario
{
    /// <inheritdoc/>
    public string Name => "non-blockable-invalidation";

    /// <inheritdoc/>
    public string Description => "A mirror looks a page up while a change that may not wait is made if nobody holds it back, and left otherwise.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run)
    {
        run.DemandProgress(Deadline.Default);
        var notifiers = new IntervalNotifiers();
        var mirror = new RaceMirror(notifiers);
        var notifier = new IntervalNotifier(mirror);
        notifiers.Insert(notifier, RaceMirror.Range);
        run.Thread("mirror", () => mirror.LookUp(notifier));
        run.Thread("reaper", mirror.TryChange);
        run.Thread("other", mirror.ChangeOnce);
        run.Invariant("While nothing is invalidated the mirror holds what the CPU holds, or nothing.", () => mirror.IsTrue);
        run.AtEnd(() =>
        {
            notifiers.Remove(notifier);
            SmallMachine.Demand(notifiers.Count == 0 && notifiers.Sequence % 2 == 0, "Nothing is left at the end.");
        });
    }
}
