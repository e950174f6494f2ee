namespace GpuSvm.Driver;

/// <summary>Serves the replayable faults of one GPU: fetch a batch, sort it, serve block after block, flush the ring, replay.</summary>
/// <remarks>
/// <para>
/// One servicer runs at a time for a GPU (<see cref="SvmDriver"/> sees to it); it takes the SVM lock shared for a batch. Blocks may be
/// served by several workers; what became of them is acted on by the servicer's own thread, in the order of the batch.
/// </para>
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
/// total, every fault is handled by its own access, duplicates are found over the whole batch and only within one client. Flush and
/// replay: NVIDIA uvm_gpu_replayable_faults.c.
/// </para>
/// </remarks>
internal sealed partial class FaultServicer : IDisposable
{
    private readonly IGpu _gpu;
    private readonly ReplayableFaultBuffer _buffer;
    private readonly RankedSharedLock _svmLock;
    private readonly ChannelTable _channels;
    private readonly FaultFetcher _fetcher;
    private readonly FaultBatch _batch;
    private readonly PartClaims _parts;
    private readonly BlockClaims _claims;
    private readonly FaultWorker[] _workers;
    private readonly BlockResult[] _results;
    private readonly ServiceCrew? _crew;
    private readonly ReturnTracker _deferrals;
    private readonly ReturnTracker _returns;
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
        _batch = new FaultBatch(options.BatchSize, options.PartsOfBatch);
        _parts = new PartClaims(options.PartsOfBatch, options.WorkersInUse);
        _claims = new BlockClaims(options.BatchSize);
        _deferrals = new ReturnTracker(options.MaxDeferrals);
        _returns = new ReturnTracker(options.MaxReturns);
        _canceller = new FaultCanceller(gpu, options.CancelScope);
        _policy = options.ReplayPolicy;
        _maxBatches = options.MaxBatches;
        _events = options.Events;
        _results = new BlockResult[options.BatchSize];
        _workers = new FaultWorker[options.WorkersInUse];
        for (int worker = 0; worker < _workers.Length; worker++)
        {
            _workers[worker] = new FaultWorker(worker, options, _canceller);
        }

        _crew = _workers.Length > 1 ? new ServiceCrew(_workers.Length - 1, options.FaultsPerHelper, TakePieces) : null;
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
            isEmpty = !Fetch();
            if (!isEmpty)
            {
                _events?.TellBatch(Counters.Batches + 1, _batch.Count);
                ServiceBatch();
                _events?.TellBatchEnd(Counters.Batches);
            }
        }

        ReplayWhenDue();
        CountRing();
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
    public void Forget(InstancePointer instance)
    {
        _deferrals.Forget(instance);
        _returns.Forget(instance);
    }

    /// <summary>Ends the helpers' threads. Nothing is being served.</summary>
    public void Dispose() => _crew?.Dispose();

    private void ServiceBatch()
    {
        if (_buffer.Overflow)
        {
            _buffer.ClearOverflow();
            Counters.Overflows++;
        }

        Counters.Batches++;
        Counters.Fetched += _batch.Count;
        _canceller.Begin();

        // The access of an entry that was passed over reports itself again only when it is replayed.
        _isReplayDue |= _fetcher.LateEntries != Counters.LateEntries;
        Counters.LateEntries = _fetcher.LateEntries;
        using (_svmLock.EnterShared())
        {
            Prepare();
            Counters.LookUps = _batch.LookUps;
            CancelRefused();
            ServeBlocks();
        }

        foreach (FaultWorker worker in _workers)
        {
            worker.CountTo(Counters);
        }

        if (_canceller.HasKilled)
        {
            if (!(Flush() && Breaks.ReplayLost))
            {
                Replay();
            }
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

        if (_policy != ReplayPolicy.BatchFlush || Breaks.DuplicateHandledTwice)
        {
            _fetcher.NoteReplay();
        }
        else if (Flush() && Breaks.ReplayLost)
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

    private void CountRing()
    {
        Counters.PutReads = _fetcher.PutReads;
        Counters.GetWrites = _fetcher.GetWrites;
    }
}
