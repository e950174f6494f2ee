namespace GpuSvm.Scenarios;

/// <summary>A notifier is removed with deferral and waited for while two threads invalidate: nothing reaches its mirror afterwards.</summary>
public sealed class DeferredRemoval : IRaceScenario
{
    /// <inheritdoc/>
    public string Name => "deferred-removal";

    /// <inheritdoc/>
    public string Description => "A notifier is removed with deferral and waited for while two threads invalidate: nothing reaches its mirror afterwards.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run)
    {
        run.DemandProgress(Deadline.Default);
        var notifiers = new IntervalNotifiers();
        var mirror = new RaceMirror(notifiers);
        var notifier = new IntervalNotifier(mirror);
        notifiers.Insert(notifier, RaceMirror.Range);
        run.Thread("owner", () =>
        {
            using (mirror.UpdateLock.Enter())
            {
                mirror.Forget();
                notifiers.RemoveDeferred(notifier);
            }

            notifiers.Synchronize();
            mirror.IsGone = true;
        });
        run.Thread("reader", () => mirror.TryLookUp(notifier));
        for (int i = 0; i < 2; i++)
        {
            run.Thread($"invalidator {i}", mirror.ChangeOnce);
        }

        run.Invariant("While nothing is invalidated the mirror holds what the CPU holds, or nothing.", () => mirror.IsTrue);
        run.AtEnd(() => SmallMachine.Demand(
            notifiers.Count == 0 && notifiers.Sequence % 2 == 0 && mirror.Releases == 1, "Nothing is left at the end, and it was released once."));
    }
}
