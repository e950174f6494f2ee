namespace GpuSvm.Svm;

/// <content>Oversubscription: allocations leave for those that come.</content>
public sealed partial class DeviceMemory
{
    /// <summary>Number of allocations that cannot leave after which a request for room gives up.</summary>
    private const int FailuresPerRequest = 8;

    private readonly IEvictionPolicy? _policy;
    private long _taken;
    private long _peak;
    private long _evictions;
    private long _evictionFailures;
    private long _requests;
    private ulong _lastUsed;

    /// <summary>Most pages that may be taken at once; see <see cref="DeviceMemoryOptions.PageLimit"/>.</summary>
    public ulong PageLimit => Math.Min(_options.PageLimit ?? Operations.PageCount, Operations.PageCount);

    /// <summary>Number of pages that are taken from the driver: those in use, those reserved, and those that wait to be given back.</summary>
    public long TakenPages => SharedWord.Read(ref _taken);

    /// <summary>The device has used a page: a fault found it there, or the hardware has counted accesses to it.</summary>
    /// <param name="frame">The frame; one where nothing lives, or of somebody else, is passed over: what is reported may be over.</param>
    /// <remarks>Constant time, no allocation. Locking: takes a device lock.</remarks>
    public void Touched(FrameNumber frame)
    {
        if (_policy is null || !TryGetDevicePage(frame, out _))
        {
            return;
        }

        // A page of 2 MiB is known by its first frame.
        frame = Frames.PageOf(frame);
        if (Frames.ReferenceCount(frame) == 0)
        {
            return;
        }

        // Neighbours are used together: what was used last is not asked for again.
        ulong word = Pagemap.DataOf(frame);
        if (word == SharedWord.Read(ref _lastUsed))
        {
            return;
        }

        using (_lock.Enter())
        {
            if (_zones.TryFind(word) is { } zone)
            {
                SharedWord.Write(ref _lastUsed, word);
                _policy.Used(zone.Allocation);
            }
        }
    }

    /// <summary>The device has used some pages that follow each other, as <see cref="Touched"/>.</summary>
    /// <param name="firstPage">Number of the first in the device's memory.</param>
    /// <param name="pages">How many; those beyond the memory are passed over.</param>
    public void TouchedPages(ulong firstPage, ulong pages)
    {
        for (ulong i = 0; i < pages; i++)
        {
            Touched(Pagemap.FirstFrame + (firstPage + i));
        }
    }

    /// <summary>Has allocations leave until a room holds as many pages as wanted.</summary>
    /// <param name="room">What is filled.</param>
    /// <param name="pages">How many pages it is to hold: at most 512.</param>
    /// <param name="comer">For whose pages.</param>
    /// <param name="request">The request that this is a part of: what it has itself brought stays.</param>
    /// <returns>ENOMEM when nothing more can leave; the room holds what could be had.</returns>
    /// <remarks>
    /// Bounded: each allocation that leaves gives a page at least, and those that cannot are counted. Several may ask at once; none waits for
    /// another. Locking: no lock from the mmap lock on.
    /// </remarks>
    internal Errno MakeRoom(DeviceRoom room, int pages, AddressRange comer, long request)
    {
        if (room.TryFill(pages))
        {
            return Errno.None;
        }

        Operations.ReportUses();
        int failures = 0;
        for (int left = pages; !room.TryFill(pages); left--)
        {
            if (left == 0 || failures > FailuresPerRequest)
            {
                return Errno.ENOMEM;
            }

            if (Operations.GiveUpSpare(pages - room.PageCount) > 0)
            {
                continue;
            }

            if (TryChoose(comer, request) is not { } victim)
            {
                return Errno.ENOMEM;
            }

            if (!TryMakeLeave(victim))
            {
                failures++;
            }
        }

        return Errno.None;
    }

    /// <summary>Takes a page for what the driver can do without: nothing leaves for it, and it goes first when room is made.</summary>
    /// <returns>ENOMEM when there is none to be had, or the limit is reached.</returns>
    /// <remarks>No page of an address space lives there. Locking: no lock from the update lock on.</remarks>
    public Errno TryTakeSpare(out ulong page)
    {
        Reclaim();
        bool isTaken = TryTake(0, out DeviceBlock block);
        page = block.FirstPage;
        return isTaken ? Errno.None : Errno.ENOMEM;
    }

    /// <summary>Gives a page back that <see cref="TryTakeSpare"/> took.</summary>
    /// <remarks>Locking: update locks may be held.</remarks>
    public void GiveSpareBack(ulong page) => GiveBack(new DeviceBlock(page, 0));

    /// <summary>The number of a new request for room.</summary>
    internal long BeginRequest() => SharedWord.Add(ref _requests, 1);

    /// <summary>Gives pages back that are not used any more, or never were.</summary>
    internal void GiveBack(DeviceBlock block)
    {
        Operations.Release(block.FirstPage, block.Order);
        SharedWord.Add(ref _taken, -block.PageCount);
    }

    private bool TryMakeLeave(DeviceAllocation victim)
    {
        Errno error = Evict(victim);
        if (error == Errno.None)
        {
            SharedWord.Add(ref _evictions, 1);
            return true;
        }

        SharedWord.Add(ref _evictionFailures, 1);
        using (_lock.Enter())
        {
            if (victim.PageCount > 0)
            {
                _policy!.Kept(victim);
            }
        }

        return false;
    }

    private DeviceAllocation? TryChoose(AddressRange comer, long request)
    {
        using (_lock.Enter())
        {
            DeviceAllocation? victim = _policy?.TryChoose(comer);
            if (victim is null || victim.Request != request)
            {
                return victim;
            }

            // All that is older has left already: who asks for more than there is gets what there is.
            _policy!.Kept(victim);
            return null;
        }
    }

    /// <summary>Takes a block, if the limit allows it.</summary>
    private bool TryTake(int order, out DeviceBlock block)
    {
        block = default;
        if (!TryCount(1L << order, out long taken))
        {
            return false;
        }

        if (Operations.TryPopulate(order, out ulong first) == Errno.None)
        {
            block = new DeviceBlock(first, order);
            NotePeak(taken);
            return true;
        }

        SharedWord.Add(ref _taken, -(1L << order));
        return false;
    }

    private bool TryCount(long pages, out long taken)
    {
        long before = SharedWord.Read(ref _taken);
        for (long seen; before + pages <= (long)PageLimit; before = seen)
        {
            if (Breaks.LimitAskedEarly)
            {
                taken = SharedWord.Add(ref _taken, pages);
                return true;
            }

            taken = before + pages;
            seen = SharedWord.CompareExchange(ref _taken, taken, before);
            if (seen == before)
            {
                return true;
            }
        }

        taken = before;
        return false;
    }

    private void NotePeak(long taken)
    {
        Checks.That(taken <= (long)PageLimit, "No more pages are taken than the limit allows.");
        long peak = SharedWord.Read(ref _peak);
        for (long seen; peak < taken && (seen = SharedWord.CompareExchange(ref _peak, taken, peak)) != peak; peak = seen)
        {
        }
    }
}
