namespace GpuSvm.PostedStrategies;

/// <summary>Intervals of the size of mappings, as "nouveau: use new mmu interval notifiers" (v6, 2020) posted them.</summary>
/// <remarks>
/// With its defects, on purpose: what a fault has found may be freed under it (P01); teardown does not wait for removals (P02) and finds
/// those that wait for theirs again (P06); the neighbour below is the first, not the nearest (P05). Its cut is <see cref="PostedCut"/> (P03).
/// </remarks>
/// <param name="mm">The process's address space.</param>
/// <param name="mirror">The GPU's entries for it.</param>
/// <param name="search">What its teardown finds.</param>
internal sealed class PostedIntervalStrategy(AddressSpace mm, GpuMirror mirror, TeardownSearch search) : IMirrorStrategy
{
    private const int MostLooks = 100;

    /// <summary>All that were ever inserted; the tree holds those that are inserted still.</summary>
    private readonly List<PostedInterval> _intervals = [];
    private bool _isFreed;

    public string Name => "posted-intervals";

    public MirrorStatistics Statistics => new(_intervals.Count(IsThere), 0, 0, 0);

    public RankedLock UpdateLock => mirror.UpdateLock;

    /// <summary>True if two intervals hold the same byte.</summary>
    public bool HasOverlap =>
        _intervals.Any(one => _intervals.Any(other => other != one && IsThere(one) && IsThere(other) && one.Notifier.Range.Overlaps(other.Notifier.Range)));

    public Errno TryAcquire(AddressRange wanted, int worker, out MirrorInterval interval)
    {
        VirtualAddress page = wanted.Start;
        interval = default;
        using (mm.MmapLock.EnterShared())
        {
            using (UpdateLock.Enter())
            {
                if (FindFirst(AddressRange.PageAt(page)) is not { } found)
                {
                    if (mm.VmaAt(page) is not { } vma)
                    {
                        return Errno.EFAULT;
                    }

                    found = Create(vma.Range, page);
                }

                interval = new MirrorInterval(found.Notifier, found.Notifier.Range);
                return Errno.None;
            }
        }
    }

    public void Release(in MirrorInterval interval)
    {
    }

    /// <summary>The callback of an interval: drops the entries, and cuts what is unmapped out of the interval.</summary>
    public bool Invalidate(PostedInterval interval, in Invalidation invalidation)
    {
        CheckNotFreed("callback");
        mirror.Drop(invalidation.Range);
        if (invalidation.Cause is InvalidationCause.Unmap && !interval.Notifier.IsRemoved)
        {
            (AddressRange? kept, AddressRange? added) = PostedCut.PiecesBeside(invalidation.Range, interval.Notifier.Range);
            if (kept is not { } range)
            {
                Put(interval);
                return true;
            }

            mm.Notifiers.Resize(interval.Notifier, range);
            if (added is { } right)
            {
                Insert(right);
            }
        }

        return true;
    }

    /// <summary>Fails the schedule if teardown has returned: then this object is freed.</summary>
    public void CheckNotFreed(string what)
    {
        if (_isFreed)
        {
            throw new InvariantException($"The {what} of an interval runs after the teardown has returned and freed its owner.");
        }
    }

    /// <summary>The teardown: finds one interval after another and asks for its removal, and then frees what they point to.</summary>
    public void Dispose()
    {
        var everything = new AddressRange(0UL, ulong.MaxValue);
        using (UpdateLock.Enter())
        {
            var spin = default(Spin);
            for (int looks = 0; FindFirst(everything, search) is { } interval; looks++)
            {
                if (looks == MostLooks)
                {
                    throw new InvariantException("Teardown finds an interval for ever whose removal is put off until the unmap gets the lock it holds.");
                }

                Put(interval);
                spin.Once();
            }
        }

        _isFreed = true;
    }

    private static bool IsThere(PostedInterval interval) => interval.Notifier.IsInserted;

    /// <summary>Looks in the tree, which knows nothing of removals that are put off.</summary>
    private PostedInterval? FindFirst(AddressRange range, TeardownSearch which = TeardownSearch.ThoseThatLeaveToo) => _intervals
        .Where(interval => IsThere(interval) && interval.Notifier.Range.Overlaps(range))
        .Where(interval => which == TeardownSearch.ThoseThatLeaveToo || !interval.Notifier.IsRemoved)
        .MinBy(interval => interval.Notifier.Range.Start.Value);

    private PostedInterval Create(AddressRange mapping, VirtualAddress page)
    {
        VirtualAddress start = FindFirst(new AddressRange(mapping.Start, page))?.Notifier.Range.End ?? mapping.Start;
        VirtualAddress end = FindFirst(new AddressRange(page, mapping.End))?.Notifier.Range.Start ?? mapping.End;
        return Insert(new AddressRange(start, end));
    }

    private PostedInterval Insert(AddressRange range)
    {
        var interval = new PostedInterval(this);
        Errno error = mm.Notifiers.Insert(interval.Notifier, range);
        if (error != Errno.None)
        {
            throw new InvariantException($"An interval can be inserted: {error}.");
        }

        _intervals.Add(interval);
        return interval;
    }

    private void Put(PostedInterval interval)
    {
        if (!interval.Notifier.IsRemoved)
        {
            mm.Notifiers.RemoveDeferred(interval.Notifier);
        }
    }
}
