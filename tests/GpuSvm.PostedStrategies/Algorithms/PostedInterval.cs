namespace GpuSvm.PostedStrategies;

/// <summary>One interval of <see cref="PostedIntervalStrategy"/>; freed when its deferred removal is done, whoever still holds it.</summary>
internal sealed class PostedInterval : IMirror
{
    private readonly PostedIntervalStrategy _strategy;
    private bool _isFreed;

    public PostedInterval(PostedIntervalStrategy strategy)
    {
        _strategy = strategy;
        Notifier = new IntervalNotifier(this);
    }

    public IntervalNotifier Notifier { get; }

    /// <summary>The first thing that a read retry touches: so every use of a freed interval shows here.</summary>
    public RankedLock UpdateLock => _isFreed
        ? throw new InvariantException("The fault asks an interval for a retry that an unmap has freed.")
        : _strategy.UpdateLock;

    public bool Invalidate(IntervalNotifier notifier, in Invalidation invalidation) => _strategy.Invalidate(this, invalidation);

    public void Released(IntervalNotifier notifier)
    {
        _strategy.CheckNotFreed("release");
        _isFreed = true;
    }
}
