namespace GpuSvm.Driver;

/// <summary>
/// Serves the faults of one block by ranges: finds or makes each, moves it where it is to live, brings all of it in, and binds it.
/// </summary>
/// <param name="options">The driver's.</param>
/// <param name="groups">The worker's.</param>
/// <param name="pages">Serves what is left page by page, with the same groups.</param>
/// <remarks>
/// <code>
/// again: garbage collector          first, so that no range is found that was unmapped
///        find or insert             the range around the page
///        migrate                    if the range is to live in the device's memory: once, then its pages stay where they are; for an
///                                   atomic for which only that will do as often as the options say, with ever longer timeslices
///        get pages                  all of them, for reading or for writing as the strongest of the range's faults wants
///            EOPNOTSUPP → again     its pages lie where they cannot be mapped so: bring them home first; then they may move once more
///            EFAULT, EPERM → again  the CPU's mappings may have changed; the second time the pages are judged one by one
///            EBUSY → defer
///            else → page by page    no memory for all of it: perhaps there is for the page that faulted
///        update lock
///            pages valid? bind : again
/// </code>
/// <para>
/// What the device may do is what was asked for: a write to a range that was got for reading gets it once more. Whatever cannot be had as a
/// whole is left to <see cref="BlockService"/>, which finds out what is wrong with each page, and takes pages for atomics.
/// </para>
/// <para>Source: Linux drm_gpusvm.c, "Examples", driver_gpu_fault; xe_svm.c, xe_svm_handle_pagefault. Not thread-safe: one for each worker.</para>
/// </remarks>
internal sealed partial class RangeService(SvmDriverOptions options, PageGroups groups, BlockService pages)
{
    private readonly PlacementPolicy _policy = new(options.Ranges);
    private SvmClient _client = null!;
    private SizedRangesStrategy _ranges = null!;
    private RangeTally _tally;
    private long _pagesMapped;
    private long _hugePagesMapped;

    private enum Step
    {
        /// <summary>The range is bound.</summary>
        Bound,

        /// <summary>Something has changed: begin again.</summary>
        Again,

        /// <summary>It has changed until a deadline.</summary>
        Defer,

        /// <summary>It cannot be had as a whole.</summary>
        Leave,
    }

    /// <summary>What was counted since the last call.</summary>
    /// <param name="mapped">The pages, as the other way to serve counts them.</param>
    public RangeTally TakeTally(out BlockTally mapped)
    {
        RangeTally tally = _tally;
        mapped = new BlockTally { PagesMapped = _pagesMapped, HugePagesMapped = _hugePagesMapped, Retries = tally.Retries };
        _tally = default;
        _pagesMapped = 0;
        _hugePagesMapped = 0;
        return tally;
    }

    /// <summary>Serves a block, as <see cref="BlockService.Serve"/> does.</summary>
    /// <remarks>Locking: as there; besides that the mmap lock shared while a range moves.</remarks>
    public void Serve(FaultBatch batch, FaultBlock block)
    {
        groups.Find(batch, block);
        groups.PassOverCovered();
        _client = groups.Client;
        _ranges = _client.Ranges!;
        int first = groups.FirstPending(0);
        if (first == groups.Count)
        {
            return;
        }

        pages.MoveAsAdvised();
        Deadline deadline = options.Clock.After(options.Timeout);
        while (first < groups.Count)
        {
            VirtualAddress end = ServeRange(first, deadline);
            first = groups.FirstPending(groups.FirstAt(groups.IndexOf(end)));
        }

        pages.ServeRest();
    }

    /// <summary>Serves the range around the page of a group, for all groups in it.</summary>
    /// <returns>The address behind what was looked at.</returns>
    private VirtualAddress ServeRange(int first, Deadline deadline)
    {
        VirtualAddress page = groups.AddressOf(groups[first].Page);
        var tries = default(RangeTries);
        SvmRange? range;
        do
        {
            _ranges.CollectGarbage();
            _ranges.ExtentAt(page, out MemoryAdvice advice);
            bool writes = FaultRights.IsWrite(groups.AccessOf(groups[first]));
            if (_ranges.FindOrInsert(page, new SvmContext { IsReadOnly = !writes }, out range) != Errno.None)
            {
                return page + Page.Size;
            }

            if (!TryAsk(range!, advice, out RangeRequest request))
            {
                return range!.Range.End;
            }

            switch (Try(range!, request, ref tries))
            {
                case Step.Bound:
                    return range!.Range.End;
                case Step.Leave:
                    _tally.LeftToPages++;
                    return range!.Range.End;
                case Step.Defer:
                    Defer(range!);
                    return range!.Range.End;
            }
        }
        while (!deadline.HasPassed);

        Defer(range!);
        return range!.Range.End;
    }

    /// <summary>Finds out what the faults of a range ask for.</summary>
    /// <returns>False if the range is of no use to any of them.</returns>
    private bool TryAsk(SvmRange range, MemoryAdvice advice, out RangeRequest request)
    {
        bool moves = Moves(range, advice);
        bool atomicsMove = DoAtomicsMove(range, advice);
        bool isDeviceOnly = false;
        bool isAsked = false;
        bool writes = false;
        if (advice == MemoryAdvice.ReadMostly && _client.DevicePages is not null)
        {
            // Each page of it may have a duplicate.
            request = default;
            return false;
        }

        foreach (ref readonly PageGroup group in GroupsIn(range))
        {
            FaultAccess access = groups.AccessOf(group);
            if (group.State != PageState.Pending)
            {
                continue;
            }

            if (IsServed(access, group, moves || atomicsMove || range.HasDevicePages))
            {
                isAsked = true;
                isDeviceOnly |= atomicsMove && access == FaultAccess.Atomic;
                writes |= FaultRights.IsWrite(access);
            }
            else if (access == FaultAccess.Atomic && _client.Mm.PageTable.Read(groups.AddressOf(group.Page)).IsHuge)
            {
                // It takes its page alone, which would split at once what is mapped as one.
                request = default;
                return false;
            }
        }

        request = new RangeRequest(
            writes, moves || isDeviceOnly, isDeviceOnly, advice == MemoryAdvice.PreferHost, _client.DevicePages is not null && IsUniform);
        return isAsked;
    }

    private bool IsUniform => options.Ranges.Movement == Movement.AllOrNothing;

    /// <summary>True if a range can serve an access: atomics need the device's memory or help, and a prefetch faults nothing in.</summary>
    private bool IsServed(FaultAccess access, in PageGroup group, bool isOnDevice) => access switch
    {
        FaultAccess.Atomic => isOnDevice || options.SystemAtomics == SystemAtomics.Native,
        FaultAccess.Prefetch => _client.Mm.PageTable.Read(groups.AddressOf(group.Page)) != default,
        _ => true,
    };

    /// <summary>True if atomics are to be done in the device's memory, as far as can be.</summary>
    private bool DoAtomicsMove(SvmRange range, MemoryAdvice advice) =>
        options.Ranges.AtomicTries > 0 && options.SystemAtomics != SystemAtomics.Native && _client.DevicePages is not null && range.MayMigrate &&
        advice != MemoryAdvice.PreferHost;

    private bool Moves(SvmRange range, MemoryAdvice advice)
    {
        if (_client.DevicePages is null)
        {
            return false;
        }

        using (_client.Mirror.UpdateLock.Enter())
        {
            return _policy.Moves(range, advice);
        }
    }

    private Span<PageGroup> GroupsIn(SvmRange range) =>
        groups.All[groups.FirstAt(groups.IndexOf(range.Range.Start))..groups.FirstAt(groups.IndexOf(range.Range.End))];

    private void Defer(SvmRange range)
    {
        foreach (ref PageGroup group in GroupsIn(range))
        {
            if (group.State == PageState.Pending)
            {
                groups.Finish(ref group, FaultResult.Deferred);
            }
        }
    }
}
