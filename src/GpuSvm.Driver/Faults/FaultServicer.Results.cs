namespace GpuSvm.Driver;

/// <content>What is done about the results of a batch.</content>
internal sealed partial class FaultServicer
{
    /// <summary>Does what the results of a block ask for: little, where every page was mapped and nothing is remembered of any fault.</summary>
    private void SettleBlock(FaultBlock block, BlockResult result)
    {
        if (result.IsPlain && _deferrals.IsEmpty && _returns.IsEmpty)
        {
            Counters.Duplicates += block.End - block.First - result.Pages;
            Counters.Skipped += result.Skipped;
            _isReplayDue = true;
            return;
        }

        for (int place = block.First; place < block.End;)
        {
            int end = _batch.EndOfPage(place, block.End);
            SettlePage(place, end);
            place = end;
        }
    }

    /// <summary>Does what the results of the faults of one page ask for: down to the access that was served all are cancelled.</summary>
    private void SettlePage(int first, int end)
    {
        Counters.Duplicates += end - first - 1;
        bool isCancelled = true;
        for (int place = first; isCancelled && place < end;)
        {
            int next = _batch.EndOfAlike(place, end);
            isCancelled = !TrySettle(place, next, end);
            place = next;
        }
    }

    /// <summary>Does what the result of the faults of one page and access asks for.</summary>
    /// <param name="first">Place of the first.</param>
    /// <param name="next">Place of the first that wants less.</param>
    /// <param name="end">Place behind the last of the page; they all were served with the first.</param>
    /// <returns>False when they were cancelled.</returns>
    private bool TrySettle(int first, int next, int end)
    {
        FaultResult result = _batch.ResultAt(first);
        bool isPrefetch = _batch.KeyAt(first).Access == FaultAccess.Prefetch;
        switch (result.Outcome)
        {
            case FaultOutcome.Resolved:
            case FaultOutcome.Skipped:
                Counters.Skipped += result.Outcome == FaultOutcome.Skipped ? 1 : 0;
                Forget(first, end);
                _isReplayDue = true;
                return true;

            case FaultOutcome.Covered:
                Counters.Covered++;
                _isReplayDue = true;
                CancelReturned(first, end);
                return true;

            case FaultOutcome.Gone:
                Counters.DroppedWithChannel += end - first;
                return true;

            case FaultOutcome.Dropped:
            case FaultOutcome.Deferred or FaultOutcome.Fatal when isPrefetch:
                // Nothing waits for a prefetch: whatever stands in its way, no channel dies of it.
                Counters.PrefetchesDropped++;
                return true;

            case FaultOutcome.Deferred when !_deferrals.Exceeds(FaultAt(first), Counters.Batches):
                Counters.Deferred++;
                _isReplayDue = true;
                return true;

            default:
                for (int place = first; place < next; place++)
                {
                    Cancel(FaultAt(place), result.Error);
                }

                return false;
        }
    }

    private ref readonly FaultEntry FaultAt(int place) => ref _batch.Fault(_batch.NumberAt(place));

    /// <summary>The page has got new rights: its faults begin anew.</summary>
    private void Forget(int first, int end)
    {
        if (_deferrals.IsEmpty && _returns.IsEmpty)
        {
            return;
        }

        for (int place = first; place < end; place++)
        {
            _deferrals.Forget(FaultAt(place));
            _returns.Forget(FaultAt(place));
        }
    }

    /// <summary>Cancels those faults of a page that come back again and again though the page is mapped with all that they ask for.</summary>
    /// <remarks>
    /// An entry that was written before the last replay says nothing: its access may not have tried again. Those written since then have.
    /// </remarks>
    private void CancelReturned(int first, int end)
    {
        for (int place = first; place < end; place++)
        {
            ref readonly FaultEntry fault = ref FaultAt(place);
            _deferrals.Forget(fault);
            if (_fetcher.IsSinceReplay(_batch.NumberAt(place)) && fault.Access != FaultAccess.Prefetch
                && _returns.Exceeds(fault, Counters.Replays))
            {
                Cancel(fault, Errno.EIO);
            }
        }
    }

    /// <summary>Cancels the faults that no page can be looked up for.</summary>
    private void CancelRefused()
    {
        foreach (int number in _batch.Refused)
        {
            ref readonly FaultEntry fault = ref _batch.Fault(number);
            if (_canceller.Drops(fault))
            {
                Counters.DroppedWithChannel++;
            }
            else if (fault.Access == FaultAccess.Prefetch)
            {
                Counters.PrefetchesDropped++;
            }
            else
            {
                Cancel(fault, _batch.IsKnown(fault) ? Errno.EINVAL : Errno.ENXIO);
            }
        }
    }

    private void Cancel(in FaultEntry fault, Errno error) => Counters.Cancels += _canceller.TryCancel(fault, error) ? 1 : 0;
}
