namespace GpuSvm.Scenarios;

/// <summary>A notifier is inserted and removed while two threads invalidate: no callback runs once it is removed.</summary>
public sealed class NotifierRemoval : IRaceScenario
{
    /// <inheritdoc/>
    public string Name => "notifier-removal";

    /// <inheritdoc/>
    public string Description => "A notifier is inserted and removed while two threads invalidate: no callback runs once it is removed.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run)
    {
        run.DemandProgress(Deadline.Default);
        var notifiers = new IntervalNotifiers();
        var plain = new RaceListener();
        notifiers.AddPlain(plain);
        var mirror = new RaceMirror(notifiers);
        var notifier = new IntervalNotifier(mirror);
        run.Thread("owner", () =>
        {
            notifiers.Insert(notifier, RaceMirror.Range);
            notifiers.Remove(notifier);
            mirror.IsGone = true;
            notifiers.RemovePlain(plain);
            plain.IsGone = true;
        });
        for (int i = 0; i < 2; i++)
        {
            run.Thread($"invalidator {i}", mirror.ChangeOnce);
        }

        run.AtEnd(() => SmallMachine.Demand(notifiers.Count == 0 && notifiers.Sequence % 2 == 0, "Nothing is left at the end."));
    }
}
