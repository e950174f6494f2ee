using System.Numerics;

namespace GpuSvm.Svm;

/// <content>Frames: taken for pages that come, given back after pages that have left.</content>
public sealed partial class DeviceMemory
{
    private readonly RankedLock _lock = new(LockRank.Device);
    private readonly ZoneTable _zones = new();
    private readonly Stack<PageRun> _freed = [];
    private readonly Stack<ZoneDeviceData> _ended = [];
    private readonly WorkItem _release;
    private long _used;
    private long _toDevice;
    private long _homeByFault;
    private long _recalled;
    private long _evicted;
    private long _cpuFaults;
    private long _raced;
    private long _failedMoves;
    private long _allocations;
    private long _releases;
    private long _refusals;

    /// <summary>Gives pages that have become free back to the driver, and releases allocations whose last page has left.</summary>
    /// <remarks>Done by itself before memory is found wanting. Locking: no lock from the update lock on.</remarks>
    public void Reclaim()
    {
        while (TryTakeFreed(out PageRun run))
        {
            GiveBack(run);
        }

        while (TryTakeEnded() is { } zone)
        {
            zone.Allocation.MarkReleased();
            SharedWord.Add(ref _releases, 1);
        }
    }

    /// <inheritdoc/>
    void IDevicePagemapOwner.Freed(FrameNumber frame, int pages)
    {
        ZoneDeviceData zone = _zones.Find(Pagemap.DataOf(frame));
        bool isPage = TryGetDevicePage(frame, out ulong page);
        Checks.That(isPage, "A frame that becomes free is of this device.");
        using (_lock.Enter())
        {
            NoteFreedLocked(new PageRun(page, (ulong)pages));
            PutLocked(zone, pages);
        }

        SharedWord.Add(ref _used, -pages);
        _options.Releases?.Enqueue(_release);
    }

    /// <summary>Makes an allocation, on which the caller has a reference.</summary>
    internal DeviceAllocation BeginAllocation(AddressRange range, long request)
    {
        var allocation = new DeviceAllocation(range, request);
        using (_lock.Enter())
        {
            _zones.Add(allocation.Zone);
        }

        SharedWord.Add(ref _allocations, 1);
        return allocation;
    }

    /// <summary>Drops the reference of who has made an allocation. What has pages may leave for others from now on.</summary>
    internal void EndAllocation(DeviceAllocation allocation)
    {
        using (_lock.Enter())
        {
            if (!PutLocked(allocation.Zone, 1) || Breaks.ReleasedAllocationOrdered)
            {
                SharedWord.Write(ref _lastUsed, allocation.Zone.Word);
                _policy?.Added(allocation);
            }
        }

        _options.Releases?.Enqueue(_release);
    }

    /// <summary>Takes the largest block that holds no more than some pages, or a smaller one if there is none.</summary>
    /// <returns>ENOMEM when there is not a single page.</returns>
    internal Errno TryPopulate(int pages, out DeviceBlock block)
    {
        int order = Math.Min(BitOperations.Log2((uint)pages), HugePage.Order);
        if (TryTake(order, out block))
        {
            return Errno.None;
        }

        // What has become free may wait to be given back: before a smaller block is taken, for which a huge page would be split.
        Reclaim();
        for (; order >= 0; order--)
        {
            if (TryTake(order, out block))
            {
                return Errno.None;
            }
        }

        return Errno.ENOMEM;
    }

    /// <summary>Begins the use of a page that was taken for an allocation.</summary>
    internal MigratePfn Begin(ulong page, DeviceAllocation allocation)
    {
        allocation.Zone.Get(1);
        SharedWord.Add(ref _used, 1);
        return Pagemap.Begin(Pagemap.FirstFrame + page, allocation.Zone.Word);
    }

    /// <summary>Begins the use of 512 pages as one huge page.</summary>
    internal MigratePfn BeginHuge(ulong firstPage, DeviceAllocation allocation)
    {
        allocation.Zone.Get(HugePage.PageCount);
        SharedWord.Add(ref _used, HugePage.PageCount);
        return Pagemap.BeginHuge(Pagemap.FirstFrame + firstPage, allocation.Zone.Word);
    }

    internal void CountMoveToDevice(int moved, int raced)
    {
        SharedWord.Add(ref _toDevice, moved);
        SharedWord.Add(ref _raced, raced);
    }

    internal void CountMoveHome(int moved, int raced)
    {
        SharedWord.Add(ref _homeByFault, moved);
        SharedWord.Add(ref _raced, raced);
    }

    internal void CountRecall(int moved, int raced)
    {
        SharedWord.Add(ref _recalled, moved);
        SharedWord.Add(ref _raced, raced);
    }

    internal void CountEviction(int moved, int raced)
    {
        SharedWord.Add(ref _evicted, moved);
        SharedWord.Add(ref _raced, raced);
    }

    internal void CountCpuFault() => SharedWord.Add(ref _cpuFaults, 1);

    internal void CountFailedMove() => SharedWord.Add(ref _failedMoves, 1);

    /// <summary>Number of pages that a word of a migration stands for.</summary>
    internal static int PagesOf(MigratePfn page) => page.IsCompound ? HugePage.PageCount : 1;

    /// <returns>True when the last reference is gone.</returns>
    private bool PutLocked(ZoneDeviceData zone, int pages)
    {
        bool isLast = zone.Put(pages);
        if (isLast)
        {
            _policy?.Released(zone.Allocation);
            _ended.Push(zone);
        }

        return isLast;
    }

    private void NoteFreedLocked(PageRun run)
    {
        // What came together mostly leaves one behind the other.
        if (_freed.TryPeek(out PageRun last) && last.End == run.First)
        {
            _freed.Pop();
            run = new PageRun(last.First, last.Count + run.Count);
        }

        _freed.Push(run);
    }

    private bool TryTakeFreed(out PageRun run)
    {
        using (_lock.Enter())
        {
            return _freed.TryPop(out run);
        }
    }

    /// <summary>Gives pages back in blocks that are as large as they can be.</summary>
    private void GiveBack(PageRun run)
    {
        int order;
        for (ulong page = run.First; page < run.End; page += 1UL << order)
        {
            order = Math.Min(BitOperations.TrailingZeroCount(page), BitOperations.Log2(run.End - page));
            order = Math.Min(order, HugePage.Order);
            GiveBack(new DeviceBlock(page, order));
        }
    }

    private ZoneDeviceData? TryTakeEnded()
    {
        using (_lock.Enter())
        {
            if (!_ended.TryPop(out ZoneDeviceData? zone))
            {
                return null;
            }

            _zones.Remove(zone);
            return zone;
        }
    }
}
