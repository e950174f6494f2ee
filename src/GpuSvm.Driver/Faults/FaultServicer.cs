namespace GpuSvm.Driver;

/// <summary>Serves the replayable faults of one GPU: fetch a batch, sort it, resolve one page at a time, flush the ring, replay.</summary>
/// <remarks>
/// <para>One servicer runs at a time for a GPU (<see cref="SvmDriver"/> sees to it); it takes the SVM lock shared for a batch.</para>
/// <para>
/// A replay has every access that waits try again, and report itself again if it must. So whatever the ring holds at a replay is stale
/// after it: its access has gone on, or a newer entry speaks for it. That is why the ring is flushed <em>before</em> the replay. Nothing
/// is lost by it, for each entry thrown away is of an access that waits and that the replay reaches; flushed afterwards, the ring would
/// lose entries that no replay asks for again. (A prefetch that is thrown away is a hint that is not taken.)
/// </para>
/// <para>
/// An entry may still outlive its access: it is written between flush and replay, the policy flushes nothing, or its launch was stopped.
/// It can do little harm: a page is looked up for nobody, and a cancel has no effect where the access that reported has gone on.
/// </para>
/// <para>
/// Source: nouveau_svm.c, nouveau_svm_fault, as changed by "nouveau/hmm: fault one page at a time"; without its defects: the order is
/// total, every fault is handled by its own access, duplicates are found over the whole batch and only within one channel. Flush and
/// replay: NVIDIA uvm_gpu_replayable_faults.c.
/// </para>
/// </remarks>
internal sealed class FaultServicer
{
    private readonly IGpu _gpu;
    private readonly ReplayableFaultBuffer _buffer;
    private readonly RankedSharedLock _svmLock;
    private readonly ChannelTable _channels;
    private readonly FaultFetcher _fetcher;
    private readonly FaultBatch _batch;
    private readonly DeferralTracker _deferrals;
    private readonly FaultCanceller _canceller;
    private readonly ReplayPolicy _policy;
    private readonly int _maxBatches;
    private readonly EventStream? _events;
    private bool _isReplayDue;

    public FaultServicer(IGpu gpu, ReplayableFaultBuffer buffer, RankedSharedLock svmLock, ChannelTable channels, SvmDriverOptions options)
    {
        _gpu = gpu;
        _buffer = buffer;
        _svmLock = svmLock;
        _channels = channels;
        _fetcher = new FaultFetcher(buffer, options);
        _batch = new FaultBatch(options.BatchSize);
        _deferrals = new DeferralTracker(options.MaxDeferrals);
        _canceller = new FaultCanceller(gpu, options.CancelScope);
        _policy = options.ReplayPolicy;
        _maxBatches = options.MaxBatches;
        _events = options.Events;
    }

    /// <summary>What the servicer has done since it was made. Written by its thread only.</summary>
    public DriverCounters Counters { get; } = new();

    /// <summary>Serves batches until the ring is empty, or until the limit of batches for one call.</summary>
    /// <returns>False when the limit was reached with faults left: call again.</returns>
    public bool Service()
    {
        bool isEmpty = false;
        for (int batch = 0; batch < _maxBatches && !isEmpty; batch++)
        {
            isEmpty = !_fetcher.Fetch(_batch);
            if (!isEmpty)
            {
                _events?.TellBatch(EventPhase.Begin, Counters.Batches + 1, _batch.Count);
                ServiceBatch();
                _events?.TellBatch(EventPhase.End, Counters.Batches, _batch.Count);
            }
        }

        ReplayWhenDue();
        return isEmpty;
    }

    /// <summary>Throws away what the ring holds, and has every access that waits report itself again.</summary>
    public void ReportAgain()
    {
        if (Flush())
        {
            Replay();
        }
    }

    /// <summary>Forgets what is remembered about a channel that parts.</summary>
    public void Forget(InstancePointer instance) => _deferrals.Forget(instance);

    private void ServiceBatch()
    {
        if (_buffer.Overflow)
        {
            _buffer.ClearOverflow();
            Counters.Overflows++;
        }

        Counters.Batches++;
        Counters.Fetched += _batch.Count;
        _batch.Sort();
        _canceller.Begin();

        // The access of an entry that was passed over reports itself again only when it is replayed.
        _isReplayDue |= _fetcher.LateEntries != Counters.LateEntries;
        Counters.LateEntries = _fetcher.LateEntries;
        using (_svmLock.EnterShared())
        {
            for (int first = 0; first < _batch.Count;)
            {
                ReadOnlySpan<FaultEntry> group = _batch.GroupAt(first);
                ServiceGroup(group);
                first += group.Length;
                if (_policy == ReplayPolicy.Block && _batch.EndsBlock(first))
                {
                    ReplayWhenDue();
                }
            }
        }

        if (_canceller.HasKilled)
        {
            Flush();
            Replay();
        }
        else if (_policy != ReplayPolicy.Once)
        {
            ReplayWhenDue();
        }
    }

    private void ReplayWhenDue()
    {
        if (!_isReplayDue)
        {
            return;
        }

        if (_policy == ReplayPolicy.BatchFlush && !Breaks.DuplicateHandledTwice && Flush() && Breaks.ReplayLost)
        {
            _isReplayDue = false;
            return;
        }

        Replay();
    }

    private void Replay()
    {
        _isReplayDue = false;
        Counters.Replays++;
        _gpu.Replay();
    }

    private bool Flush()
    {
        int flushed = _fetcher.Flush();
        Counters.LateEntries = _fetcher.LateEntries;
        Counters.FlushedEntries += flushed;
        Counters.Flushes += flushed > 0 ? 1 : 0;
        if (flushed > 0)
        {
            _events?.TellFlush(flushed);
        }

        return flushed > 0;
    }

    /// <summary>Serves all faults of one page through one channel: by the strongest access, and by weaker ones as long as it cannot be.</summary>
    private void ServiceGroup(ReadOnlySpan<FaultEntry> group)
    {
        Counters.Duplicates += group.Length - 1;
        bool isKnown = _channels.TryFind(group[0].Instance, out Channel? channel);
        bool isCancelled = true;
        while (isCancelled && !group.IsEmpty)
        {
            ReadOnlySpan<FaultEntry> alike = FaultBatch.AlikeIn(group);
            if (_canceller.Drops(alike[0]))
            {
                Counters.DroppedWithChannel += group.Length;
                return;
            }

            FaultResult result = isKnown
                ? channel!.Client.Resolver.Resolve(alike[0].Address, alike[0].Access)
                : FaultResult.Fatal(Errno.ENXIO);
            isCancelled = !TrySettle(alike, result);
            group = group[alike.Length..];
        }
    }

    /// <summary>Does what the result of some faults of one page and access asks for.</summary>
    /// <returns>False when they were cancelled.</returns>
    private bool TrySettle(ReadOnlySpan<FaultEntry> alike, FaultResult result)
    {
        ref readonly FaultEntry fault = ref alike[0];
        if (result.Outcome != FaultOutcome.Deferred)
        {
            _deferrals.Forget(fault);
        }

        switch (result.Outcome)
        {
            case FaultOutcome.Resolved:
                Counters.PagesMapped++;
                _isReplayDue = true;
                return true;

            case FaultOutcome.Covered:
                Counters.Covered++;
                _isReplayDue = true;
                return true;

            case FaultOutcome.Dropped:
            case FaultOutcome.Deferred or FaultOutcome.Fatal when fault.Access == FaultAccess.Prefetch:
                // Nothing waits for a prefetch: whatever stands in its way, no channel dies of it.
                Counters.PrefetchesDropped++;
                return true;

            case FaultOutcome.Deferred when !_deferrals.Exceeds(fault):
                Counters.Deferred++;
                _isReplayDue = true;
                return true;

            default:
                Counters.Cancels += _canceller.Cancel(alike, result.Error);
                return false;
        }
    }
}
