namespace GpuSvm.PostedStrategies;

/// <summary>A notifier for the whole address space that goes round the client's window as nouveau_svm.c does: D04, on purpose.</summary>
/// <remarks>It drops entries itself, since <see cref="GpuMirror.Drop"/> would clip what it asks for. Faults insert an interval of their own.</remarks>
internal sealed class PostedWindowStrategy : IMirrorStrategy, IMirror, IAddressSpaceNotifier
{
    private readonly AddressSpace _mm;
    private readonly GpuMirror _mirror;
    private readonly IntervalNotifier _notifier;

    public PostedWindowStrategy(AddressSpace mm, GpuMirror mirror)
    {
        _mm = mm;
        _mirror = mirror;
        _notifier = new IntervalNotifier(this);
        mm.Notifiers.AddPlain(this);
    }

    public string Name => "posted-window";

    public MirrorStatistics Statistics => new(_notifier.IsInserted ? 2 : 1, 0, 0, 0);

    public RankedLock UpdateLock => _mirror.UpdateLock;

    public Errno TryAcquire(AddressRange wanted, int worker, out MirrorInterval interval)
    {
        interval = new MirrorInterval(_notifier, wanted);
        return _mm.Notifiers.Insert(_notifier, interval.Range);
    }

    public void Release(in MirrorInterval interval) => _mm.Notifiers.Remove(interval.Notifier);

    public bool Invalidate(IntervalNotifier notifier, in Invalidation invalidation) => true;

    public bool InvalidateStart(in Invalidation invalidation)
    {
        AddressRange window = _mirror.Unmanaged;
        ulong start = invalidation.Range.Start;
        ulong limit = invalidation.Range.End;
        using (UpdateLock.Enter())
        {
            if (limit > window.Start.Value && start < window.End.Value)
            {
                if (start < window.Start.Value)
                {
                    Drop(start, window.End);
                }

                start = window.End;
            }

            Drop(start, limit);
        }

        return true;
    }

    public void InvalidateEnd(in Invalidation invalidation)
    {
    }

    public void Dispose() => _mm.Notifiers.RemovePlain(this);

    private void Drop(ulong start, ulong limit)
    {
        if (limit > start)
        {
            _mirror.Space.PfnUnmap(new AddressRange(start, limit).Intersect(_mirror.Bounds));
        }
    }
}
