namespace GpuSvm.Driver;

/// <summary>One interval per fault, as long as what it maps and gone afterwards, beside a plain notifier for the whole address space.</summary>
/// <remarks>
/// <para>
/// The interval's callback only moves its sequence; the plain notifier, which runs after all intervals, drops the GPU's entries. Between
/// the two a fault can take the update lock, but not map: its sequence has moved already. A fault that inserts its interval while an
/// invalidation runs is told to wait by <c>ReadBegin</c>, so it maps after the drop.
/// </para>
/// <para>Source: nouveau_svm.c, nouveau_svm_range_invalidate and nouveau_svmm_invalidate_range_start; one page at a time since
/// "nouveau/hmm: fault one page at a time".</para>
/// </remarks>
public sealed class PerFaultStrategy : IMirrorStrategy, IMirror, IAddressSpaceNotifier
{
    private readonly AddressSpace _mm;
    private readonly GpuMirror _mirror;
    private readonly IntervalNotifier[] _notifiers;
    private CallbackCounts _callbacks;

    /// <summary>Starts to mirror an address space.</summary>
    /// <param name="mm">The process's address space.</param>
    /// <param name="mirror">The GPU's entries for it.</param>
    public PerFaultStrategy(AddressSpace mm, GpuMirror mirror)
    {
        ArgumentNullException.ThrowIfNull(mm);
        ArgumentNullException.ThrowIfNull(mirror);
        _mm = mm;
        _mirror = mirror;
        _notifiers = new IntervalNotifier[mirror.Workers];
        for (int worker = 0; worker < _notifiers.Length; worker++)
        {
            _notifiers[worker] = new IntervalNotifier(this);
        }

        mm.Notifiers.AddPlain(this);
    }

    /// <inheritdoc/>
    public string Name => "per-fault";

    /// <inheritdoc/>
    public MirrorStatistics Statistics
    {
        get
        {
            using (UpdateLock.Enter())
            {
                int inserted = _notifiers.Count(notifier => notifier.IsInserted);
                return _callbacks.With(inserted + 1, _notifiers.Length * CallbackCounts.BytesPerInterval);
            }
        }
    }

    /// <inheritdoc/>
    public RankedLock UpdateLock => _mirror.UpdateLock;

    /// <inheritdoc/>
    public object? Owner => _mirror;

    /// <inheritdoc/>
    public Errno TryAcquire(AddressRange wanted, int worker, out MirrorInterval interval)
    {
        interval = new MirrorInterval(_notifiers[worker], wanted);
        return _mm.Notifiers.Insert(interval.Notifier, wanted);
    }

    /// <inheritdoc/>
    public void Release(in MirrorInterval interval) => _mm.Notifiers.Remove(interval.Notifier);

    /// <inheritdoc/>
    public bool Invalidate(IntervalNotifier notifier, in Invalidation invalidation)
    {
        _callbacks.Add();
        return true;
    }

    /// <inheritdoc/>
    public bool InvalidateStart(in Invalidation invalidation)
    {
        if (_mirror.IsOwn(invalidation))
        {
            return true;
        }

        if (invalidation.Blocking == InvalidationBlocking.Blockable)
        {
            using (UpdateLock.Enter())
            {
                _callbacks.Add(_mirror.Drop(invalidation.Range, invalidation.Cause));
            }

            return true;
        }

        if (!UpdateLock.TryEnter(out RankedLock.Scope scope))
        {
            return false;
        }

        using (scope)
        {
            _callbacks.Add(_mirror.Drop(invalidation.Range, invalidation.Cause));
        }

        return true;
    }

    /// <inheritdoc/>
    public void InvalidateEnd(in Invalidation invalidation)
    {
    }

    /// <summary>Stops mirroring; waits for callbacks that run.</summary>
    public void Dispose() => _mm.Notifiers.RemovePlain(this);
}
