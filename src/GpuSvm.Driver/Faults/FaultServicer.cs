namespace GpuSvm.Driver;

/// <summary>Serves the replayable faults of one GPU: fetch a batch, sort it, resolve one page at a time, replay once.</summary>
/// <remarks>
/// <para>One servicer runs at a time for a GPU (<see cref="SvmDriver"/> sees to it); it takes the SVM lock shared for a batch.</para>
/// <para>
/// Source: nouveau_svm.c, nouveau_svm_fault, as changed by "nouveau/hmm: fault one page at a time"; without its defects: the order is
/// total, every fault is handled by its own access, duplicates are found over the whole batch and only within one channel.
/// </para>
/// </remarks>
internal sealed class FaultServicer
{
    private readonly IGpu _gpu;
    private readonly RankedSharedLock _svmLock;
    private readonly ChannelTable _channels;
    private readonly FaultFetcher _fetcher;
    private readonly FaultBatch _batch;
    private readonly DeferralTracker _deferrals;
    private readonly int _maxBatches;

    public FaultServicer(IGpu gpu, RankedSharedLock svmLock, ChannelTable channels, SvmDriverOptions options)
    {
        _gpu = gpu;
        _svmLock = svmLock;
        _channels = channels;
        _fetcher = new FaultFetcher(gpu.FaultBuffer, options);
        _batch = new FaultBatch(options.BatchSize);
        _deferrals = new DeferralTracker(options.MaxDeferrals);
        _maxBatches = options.MaxBatches;
    }

    /// <summary>What the servicer has done since it was made. Written by its thread only.</summary>
    public DriverCounters Counters { get; } = new();

    /// <summary>Serves batches until the ring is empty, or until the limit of batches for one call.</summary>
    /// <returns>False when the limit was reached with faults left: call again.</returns>
    public bool Service()
    {
        for (int batch = 0; batch < _maxBatches; batch++)
        {
            if (!_fetcher.Fetch(_batch))
            {
                return true;
            }

            ServiceBatch(batch);
        }

        return false;
    }

    /// <summary>Forgets what is remembered about a channel that parts.</summary>
    public void Forget(InstancePointer instance) => _deferrals.Forget(instance);

    private void ServiceBatch(int batch)
    {
        if (_gpu.FaultBuffer.Overflow)
        {
            _gpu.FaultBuffer.ClearOverflow();
            Counters.Overflows++;
        }

        Counters.Batches++;
        Counters.Fetched += _batch.Count;
        _batch.Sort();

        // The access of an entry that was passed over reports itself again only when it is replayed.
        bool replay = _fetcher.LateEntries != Counters.LateEntries;
        Counters.LateEntries = _fetcher.LateEntries;
        using (_svmLock.EnterShared())
        {
            for (int first = 0; first < _batch.Count;)
            {
                ReadOnlySpan<FaultEntry> group = _batch.GroupAt(first);
                replay |= ServiceGroup(group);
                first += group.Length;
            }
        }

        if (replay && !(Breaks.ReplayLost && batch > 0))
        {
            Counters.Replays++;
            _gpu.Replay();
        }
    }

    /// <summary>Serves all faults of one page through one channel by its strongest access.</summary>
    /// <returns>True when a replay is due.</returns>
    private bool ServiceGroup(ReadOnlySpan<FaultEntry> group)
    {
        FaultEntry strongest = group[0];
        Counters.Duplicates += group.Length - 1;
        FaultResult result = _channels.TryFind(strongest.Instance, out Channel? channel)
            ? channel.Client.Resolver.Resolve(strongest.Address, strongest.Access)
            : FaultResult.Fatal(Errno.ENXIO);
        return Settle(strongest, result);
    }

    private bool Settle(in FaultEntry fault, FaultResult result)
    {
        if (result.Outcome != FaultOutcome.Deferred)
        {
            _deferrals.Forget(fault);
        }

        switch (result.Outcome)
        {
            case FaultOutcome.Resolved:
                Counters.PagesMapped++;
                return true;

            case FaultOutcome.Covered:
                Counters.Covered++;
                return true;

            case FaultOutcome.Dropped:
            case FaultOutcome.Deferred or FaultOutcome.Fatal when fault.Access == FaultAccess.Prefetch:
                // Nothing waits for a prefetch: whatever stands in its way, no channel dies of it.
                Counters.PrefetchesDropped++;
                return false;

            case FaultOutcome.Deferred when !_deferrals.Exceeds(fault):
                Counters.Deferred++;
                return true;

            default:
                Cancel(fault, result.Error);
                return false;
        }
    }

    private void Cancel(in FaultEntry fault, Errno error)
    {
        Counters.Cancels++;
        _gpu.Cancel(fault.Instance, new GpuFaultReport(fault.Address, fault.Access, CancelReason.Of(error, fault), error));
    }
}
