namespace GpuSvm.Driver;

/// <summary>
/// Serves the faults of one block by copying the CPU's translations into the GPU's page table: the collision-retry protocol, once for all
/// pages of the block.
/// </summary>
/// <param name="worker">Which worker it belongs to, as the strategies count them.</param>
/// <param name="options">The driver's.</param>
/// <param name="groups">The worker's.</param>
/// <remarks>
/// <code>
/// begin: acquire an interval                     from the strategy, for all pages that faulted
/// again: sequence = ReadBegin                    waits out an invalidation that runs
///        HmmRangeFault, mmap lock shared         looks each run of pages up, faults them in where asked
///        update lock
///            ReadRetry(sequence)? → again        an invalidation came between: what was looked up may be stale
///            interval left or shrunk? → begin    the read is good, but nobody would hear of what changes it
///            write the GPU's entries
/// </code>
/// <para>
/// A page that nobody faulted on is neither looked up nor mapped, unless the options or a huge page say so; an error of one page is that
/// page's alone.
/// </para>
/// <para>
/// Source: Linux Documentation/mm/hmm.rst; nouveau_svm.c, nouveau_range_fault; blocks as in NVIDIA UVM, uvm_va_block_t. Not thread-safe:
/// one for each worker. It keeps its arrays, so a block allocates nothing.
/// </para>
/// </remarks>
internal sealed partial class BlockService(int worker, SvmDriverOptions options, PageGroups groups)
{
    private readonly HmmPfn[] _found = new HmmPfn[HugePage.PageCount];
    private readonly Errno[] _errors = new Errno[HugePage.PageCount];
    private readonly PfnEntry[] _entries = new PfnEntry[HugePage.PageCount];
    private readonly PageSpan[] _spans = new PageSpan[HugePage.PageCount];
    private SvmClient _client = null!;
    private BlockTally _tally;
    private int _spanCount;
    private bool _wantsWhole;

    /// <summary>What was counted since the last <see cref="TakeTally"/>.</summary>
    public BlockTally TakeTally()
    {
        BlockTally tally = _tally;
        _tally = default;
        return tally;
    }

    /// <summary>Serves a block: afterwards the first of each page's faults of one access has a result, down to the access that was served.</summary>
    /// <remarks>
    /// Locking: the SVM lock is held for the batch. Takes the mmap lock shared, page locks and the update lock, none of them together but
    /// as the protocol says. No other worker serves the same block.
    /// </remarks>
    public void Serve(FaultBatch batch, FaultBlock block)
    {
        groups.Find(batch, block);
        groups.PassOverCovered();
        MoveAsAdvised();
        ServeRest();
    }

    /// <summary>Serves what is left of the block whose groups were found.</summary>
    public void ServeRest()
    {
        _client = groups.Client;
        ReadAdvice();
        _wantsWhole = IsHugeForTheCpu();
        int first = groups.FirstPending(0);
        if (first < groups.Count)
        {
            ServePending(first, options.Clock.After(options.Timeout));
        }
    }

    /// <summary>Serves what is left. The deadline bounds tries that lead nowhere; a page whose fault has got its result is none.</summary>
    private void ServePending(int first, Deadline deadline)
    {
        int finished;
        do
        {
            finished = groups.Finished;
            Errno error = TryAcquire(first, out MirrorInterval interval);
            if (error == Errno.None)
            {
                try
                {
                    ServeGuarded(interval, deadline);
                }
                finally
                {
                    _client.Strategy.Release(interval);
                }
            }
            else
            {
                Finish(ref groups[first], FaultResult.Fatal(error == Errno.ENOMEM ? error : Errno.EFAULT));
            }

            first = groups.FirstPending(first);
        }
        while (first < groups.Count && (finished != groups.Finished || !deadline.HasPassed));

        groups.DeferFrom(first);
    }

    private Errno TryAcquire(int first, out MirrorInterval interval)
    {
        if (_wantsWhole && _client.Strategy.TryAcquire(Block, worker, out interval) == Errno.None)
        {
            if (interval.Range.Contains(AddressOf(groups[first].Page)))
            {
                return Errno.None;
            }

            // It guards the start of the block, and not so far.
            _client.Strategy.Release(interval);
        }

        return _client.Strategy.TryAcquire(groups.RestFrom(first), worker, out interval);
    }

    /// <summary>Serves those pages that an interval guards, until all are done, the interval guards them no longer, or the deadline passes.</summary>
    private void ServeGuarded(in MirrorInterval interval, Deadline deadline)
    {
        do
        {
            FindSpans(interval);
            if (_spanCount == 0 || !interval.Notifier.TryReadBegin(deadline, out long sequence))
            {
                return;
            }

            if (!TryLookUp(interval, sequence))
            {
                _tally.Retries++;
                if (interval.Notifier.IsRemoved)
                {
                    return;
                }

                continue;
            }

            if (MustAcquireWhole(interval))
            {
                return;
            }

            EncodeAhead();
            bool asked = Breaks.RetryOutsideTheLock && interval.Notifier.CheckRetry(sequence);
            using (_client.Mirror.UpdateLock.EnterLane(worker))
            {
                if (Breaks.RetryOutsideTheLock ? asked : interval.Notifier.ReadRetry(sequence))
                {
                    _tally.Retries++;
                    continue;
                }

                if (!interval.Guards(new AddressRange(AddressOf(_spans[0].First), AddressOf(_spans[_spanCount - 1].End))))
                {
                    _tally.Retries++;
                    return;
                }

                MapFound(interval);
            }

            SettleMapped();
            TakeWantedAlone(interval, deadline);
            TakeWantedDuplicates(interval, deadline);
            BringWantedHome();
            MoveWantedToDevice();
        }
        while (!deadline.HasPassed);
    }

    private Span<PageGroup> Groups => groups.All;

    private AddressRange Block => groups.Block;

    private VirtualAddress AddressOf(int page) => groups.AddressOf(page);

    private FaultAccess AccessOf(in PageGroup group) => groups.AccessOf(group);

    private void Finish(ref PageGroup group, FaultResult result) => groups.Finish(ref group, result);
}
