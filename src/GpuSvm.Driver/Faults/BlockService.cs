namespace GpuSvm.Driver;

/// <summary>
/// Serves the faults of one block by copying the CPU's translations into the GPU's page table: the collision-retry protocol, once for all
/// pages of the block.
/// </summary>
/// <param name="worker">Which worker it belongs to, as the strategies count them.</param>
/// <param name="options">The driver's.</param>
/// <param name="canceller">Knows the channels that were cancelled as a whole in this batch.</param>
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
/// page's alone. Where the strongest access of a page cannot be served the next weaker one is: its faults live.
/// </para>
/// <para>
/// Source: Linux Documentation/mm/hmm.rst; nouveau_svm.c, nouveau_range_fault; blocks as in NVIDIA UVM, uvm_va_block_t. Not thread-safe:
/// one for each worker. It keeps its arrays, so a block allocates nothing.
/// </para>
/// </remarks>
internal sealed partial class BlockService(int worker, SvmDriverOptions options, FaultCanceller canceller)
{
    private readonly PageGroup[] _groups = new PageGroup[HugePage.PageCount];
    private readonly HmmPfn[] _found = new HmmPfn[HugePage.PageCount];
    private readonly Errno[] _errors = new Errno[HugePage.PageCount];
    private readonly PfnEntry[] _entries = new PfnEntry[HugePage.PageCount];
    private readonly PageSpan[] _spans = new PageSpan[HugePage.PageCount];
    private FaultBatch _batch = null!;
    private SvmClient _client = null!;
    private BlockTally _tally;
    private ulong _start;
    private int _groupCount;
    private int _spanCount;
    private int _finished;
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
        _batch = batch;
        _client = batch.ClientAt(block.First);
        _start = HugePage.AlignDown(batch.KeyAt(block.First).Address);
        _finished = 0;
        FindGroups(block);
        PassOverCovered();
        _wantsWhole = IsHugeForTheCpu();
        int first = FirstPending(0);
        if (first < _groupCount)
        {
            ServePending(first, options.Clock.After(options.Timeout));
        }
    }

    private void FindGroups(FaultBlock block)
    {
        _groupCount = 0;
        for (int place = block.First; place < block.End;)
        {
            ref PageGroup group = ref _groups[_groupCount++];
            group.Next = place;
            group.Page = _batch.KeyAt(place).PageInBlock;
            group.State = PageState.Pending;
            group.End = place = _batch.EndOfPage(place, block.End);
            if (canceller.HasKilled && IsGone(group))
            {
                Finish(ref group, FaultResult.Gone);
            }
        }
    }

    /// <summary>Settles the faults of pages that are mapped with enough rights: nothing is looked up for them.</summary>
    private void PassOverCovered()
    {
        // What is true may be over at once, without the update lock; then the access faults again.
        var faulted = new AddressRange(AddressOf(_groups[0].Page), AddressOf(_groups[_groupCount - 1].Page + 1));
        if (!_client.Mirror.HasPages(faulted))
        {
            return;
        }

        foreach (ref PageGroup group in Groups)
        {
            if (group.State == PageState.Pending && IsCovered(group))
            {
                Finish(ref group, FaultResult.Covered);
            }
        }
    }

    /// <summary>Serves what is left. The deadline bounds tries that lead nowhere; a page whose fault has got its result is none.</summary>
    private void ServePending(int first, Deadline deadline)
    {
        int finished;
        do
        {
            finished = _finished;
            if (TryAcquire(first, out MirrorInterval interval))
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
                Finish(ref _groups[first], FaultResult.Fatal(Errno.EFAULT));
            }

            first = FirstPending(first);
        }
        while (first < _groupCount && (finished != _finished || !deadline.HasPassed));

        foreach (ref PageGroup group in Groups[first..])
        {
            if (group.State != PageState.Done)
            {
                Finish(ref group, FaultResult.Deferred);
            }
        }
    }

    private bool TryAcquire(int first, out MirrorInterval interval)
    {
        if (_wantsWhole && _client.Strategy.TryAcquire(Block, worker, out interval) == Errno.None)
        {
            return true;
        }

        var wanted = new AddressRange(AddressOf(_groups[first].Page), AddressOf(_groups[_groupCount - 1].Page + 1));
        return _client.Strategy.TryAcquire(wanted, worker, out interval) == Errno.None;
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

            bool asked = Breaks.RetryOutsideTheLock && interval.Notifier.CheckRetry(sequence);
            using (_client.Mirror.UpdateLock.Enter())
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

            TakeWantedAlone(interval, deadline);
            BringWantedHome();
        }
        while (!deadline.HasPassed);
    }

    private Span<PageGroup> Groups => _groups.AsSpan(0, _groupCount);

    private AddressRange Block => AddressRange.FromLength(_start, HugePage.Size);

    private VirtualAddress AddressOf(int page) => _start + ((ulong)page << Page.Shift);

    private FaultAccess AccessOf(in PageGroup group) => _batch.KeyAt(group.Next).Access;

    private bool IsCovered(in PageGroup group)
    {
        TranslationRights needed = FaultRights.NeededBy(AccessOf(group));
        return (_client.Mirror.RightsOf(AddressOf(group.Page)) & needed) == needed;
    }

    private int FirstPending(int from)
    {
        while (from < _groupCount && _groups[from].State == PageState.Done)
        {
            from++;
        }

        return from;
    }

    /// <summary>Settles the faults of a page that want the same. If they cannot be served, those that want less are next.</summary>
    private void Finish(ref PageGroup group, FaultResult result)
    {
        _finished++;
        _batch.ResultAt(group.Next) = result;
        group.State = PageState.Done;
        if (result.Outcome != FaultOutcome.Fatal)
        {
            return;
        }

        int next = _batch.EndOfAlike(group.Next, group.End);
        for (int place = group.Next; place < next && AccessOf(group) != FaultAccess.Prefetch; place++)
        {
            canceller.Kill(_batch.Fault(_batch.NumberAt(place)));
        }

        group.Next = next;
        if (group.Next < group.End)
        {
            group.State = PageState.Pending;
            if (canceller.HasKilled && IsGone(group))
            {
                Finish(ref group, FaultResult.Gone);
            }
            else if (IsCovered(group))
            {
                Finish(ref group, FaultResult.Covered);
            }
        }
    }

    /// <summary>True if all faults of a page that have no result yet are of channels that were cancelled as a whole.</summary>
    private bool IsGone(in PageGroup group)
    {
        for (int place = group.Next; place < group.End; place++)
        {
            if (!canceller.Drops(_batch.Fault(_batch.NumberAt(place))))
            {
                return false;
            }
        }

        return true;
    }
}
