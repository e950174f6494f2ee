namespace GpuSvm.Driver;

/// <summary>The faults of one block, page by page, and what becomes of them: the same for every way to serve a block.</summary>
/// <param name="canceller">Knows the channels that were cancelled as a whole in this batch.</param>
/// <remarks>
/// Where the strongest access of a page cannot be served the next weaker one is: its faults live. Not thread-safe: one for each worker. It
/// keeps its array, so a block allocates nothing.
/// </remarks>
internal sealed class PageGroups(FaultCanceller canceller)
{
    private readonly PageGroup[] _groups = new PageGroup[HugePage.PageCount];
    private FaultBatch _batch = null!;
    private int _skipped;
    private int _others;
    private ulong _start;

    /// <summary>Whose faults they are.</summary>
    public SvmClient Client { get; private set; } = null!;

    /// <summary>Number of groups: pages of the block that faulted.</summary>
    public int Count { get; private set; }

    /// <summary>Number of results so far.</summary>
    public int Finished { get; private set; }

    /// <summary>What became of the block in short, once all is finished.</summary>
    public BlockResult Result => new(_others == 0, Count, _skipped);

    /// <summary>The block: 2 MiB.</summary>
    public AddressRange Block => AddressRange.FromLength(_start, HugePage.Size);

    /// <summary>The groups, in the order of their pages.</summary>
    public Span<PageGroup> All => _groups.AsSpan(0, Count);

    /// <summary>A group by its number.</summary>
    public ref PageGroup this[int group] => ref _groups[group];

    /// <summary>Puts the faults of a block into groups; those are done whose channels were cancelled as a whole.</summary>
    public void Find(FaultBatch batch, FaultBlock block)
    {
        _batch = batch;
        _start = HugePage.AlignDown(batch.KeyAt(block.First).Address);
        Client = batch.ClientAt(block.First);
        Finished = 0;
        _skipped = 0;
        _others = 0;
        Count = 0;
        for (int place = block.First; place < block.End;)
        {
            ref PageGroup group = ref _groups[Count++];
            group.Next = place;
            group.Page = _batch.KeyAt(place).PageInBlock;
            group.State = PageState.Pending;
            group.IsInPlace = false;
            group.End = place = _batch.EndOfPage(place, block.End);
            if (IsGone(group))
            {
                Finish(ref group, FaultResult.Gone);
            }
        }
    }

    /// <summary>Settles the faults of pages that are mapped with enough rights: nothing is looked up for them.</summary>
    public void PassOverCovered()
    {
        // What is true may be over at once, without the update lock; then the access faults again.
        if (!Client.Mirror.HasPages(RestFrom(0)))
        {
            return;
        }

        foreach (ref PageGroup group in All)
        {
            if (group.State == PageState.Pending && IsCovered(group))
            {
                Finish(ref group, FaultResult.Covered);
            }
        }
    }

    /// <summary>Leaves to fault again what is not done from a group on.</summary>
    public void DeferFrom(int first)
    {
        foreach (ref PageGroup group in All[first..])
        {
            if (group.State != PageState.Done)
            {
                Finish(ref group, FaultResult.Deferred);
            }
        }
    }

    /// <summary>The address of a page of the block.</summary>
    public VirtualAddress AddressOf(int page) => _start + ((ulong)page << Page.Shift);

    /// <summary>The index of the page of an address of the block.</summary>
    public int IndexOf(VirtualAddress address) => (int)((address.Value - _start) >> Page.Shift);

    /// <summary>The pages from that of a group to that of the last.</summary>
    public AddressRange RestFrom(int first) => new(AddressOf(_groups[first].Page), AddressOf(_groups[Count - 1].Page + 1));

    /// <summary>What is served of a group next.</summary>
    public FaultAccess AccessOf(in PageGroup group) => _batch.KeyAt(group.Next).Access;

    /// <summary>Number of the first group, from one on, that is not done.</summary>
    public int FirstPending(int from)
    {
        while (from < Count && _groups[from].State == PageState.Done)
        {
            from++;
        }

        return from;
    }

    /// <summary>Number of the first group whose page is not below <paramref name="page"/>.</summary>
    public int FirstAt(int page)
    {
        int low = 0;
        int high = Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = _groups[middle].Page < page ? (middle + 1, high) : (low, middle);
        }

        return low;
    }

    /// <summary>True if some rights are enough for what is served of a group next.</summary>
    public bool IsEnoughFor(in PageGroup group, TranslationRights rights)
    {
        TranslationRights needed = FaultRights.NeededBy(AccessOf(group));
        return (rights & needed) == needed;
    }

    /// <summary>Settles the faults of a page that want the same. If they cannot be served, those that want less are next.</summary>
    public void Finish(ref PageGroup group, FaultResult result)
    {
        Finished++;
        _batch.ResultAt(group.Next) = result;
        group.State = PageState.Done;
        _skipped += result.Outcome == FaultOutcome.Skipped ? 1 : 0;
        _others += result.Outcome is FaultOutcome.Resolved or FaultOutcome.Skipped ? 0 : 1;
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
            if (IsGone(group))
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
    public bool IsGone(in PageGroup group)
    {
        for (int place = group.Next; canceller.HasKilled && place < group.End; place++)
        {
            if (!canceller.Drops(_batch.Fault(_batch.NumberAt(place))))
            {
                return false;
            }
        }

        return canceller.HasKilled;
    }

    private bool IsCovered(in PageGroup group) => IsEnoughFor(group, Client.Mirror.RightsOf(AddressOf(group.Page)));
}
