namespace GpuSvm.Svm.Tests.Infrastructure;

/// <summary>A mirror without entries that notes the invalidations it is told of, each with its cause and range.</summary>
internal sealed class CountingMirror : IMirror
{
    public RankedLock UpdateLock { get; } = new(LockRank.Update);

    public List<(InvalidationCause Cause, AddressRange Range)> Told { get; } = [];

    public bool Invalidate(IntervalNotifier notifier, in Invalidation invalidation)
    {
        Told.Add((invalidation.Cause, invalidation.Range));
        return true;
    }
}
