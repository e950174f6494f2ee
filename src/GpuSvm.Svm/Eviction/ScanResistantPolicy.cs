namespace GpuSvm.Svm;

/// <summary>
/// What was used least recently leaves first, unless who comes proves that to be wrong: then the comers leave, and what is there stays.
/// </summary>
/// <remarks>
/// <para>
/// The newest eighth of the allocations is the window, the others are the main part, each in the order of use. Who comes is remembered if it
/// was evicted before, with its last use. If it is new, or the oldest allocation of the main part has been idle since before that use, the
/// oldest leaves. Else the oldest was used later than what was evicted and is needed now: by least recent use it would be the next to leave,
/// and to come back, in the order of a scan that is larger than the memory. Then the oldest of the window leaves, so that the scan
/// passes through the window, and the main part stays and is found the next time.
/// </para>
/// <para>
/// So a scan of all of a working set, again and again, evicts the excess and the window in each pass; least recent use would evict
/// everything. There is nothing to tune, and nothing to detect: one comparison of two times. It holds, too, when uses of what is there
/// are not reported, where a use is then the coming: twice the excess in a pass. The window is what a kernel works on now: it must not be
/// the first to leave, or the arrays of a loop evict each other; so it holds four allocations at least, or half of them.
/// </para>
/// <para>
/// Related: T. Johnson, D. Shasha, "2Q", VLDB 1994 (a queue for comers); S. Jiang, X. Zhang, "LIRS", SIGMETRICS 2002 (comparing the reuse of
/// who comes with the idleness of who is there); Linux mm/workingset.c (refault distance).
/// </para>
/// </remarks>
public sealed class ScanResistantPolicy : IEvictionPolicy
{
    private const int WindowShare = 8;
    private const int SmallestWindow = 4;

    private readonly LinkedList<DeviceAllocation> _window = [];
    private readonly LinkedList<DeviceAllocation> _main = [];
    private readonly EvictedUses _evicted = new();
    private long _clock;

    private int WindowLimit
    {
        get
        {
            int count = _window.Count + _main.Count;
            return Math.Max(1, Math.Min(Math.Max(SmallestWindow, count / WindowShare), count / 2));
        }
    }

    /// <inheritdoc/>
    public void Added(DeviceAllocation allocation)
    {
        ArgumentNullException.ThrowIfNull(allocation);
        allocation.LastUse = ++_clock;
        _window.AddLast(allocation.Place);
        for (int limit = WindowLimit; _window.Count > limit;)
        {
            LinkedListNode<DeviceAllocation> first = _window.First!;
            _window.Remove(first);
            _main.AddLast(first);
        }
    }

    /// <inheritdoc/>
    public void Used(DeviceAllocation allocation)
    {
        ArgumentNullException.ThrowIfNull(allocation);
        allocation.LastUse = ++_clock;
        if (allocation.Place.List is { } list)
        {
            list.Remove(allocation.Place);
            list.AddLast(allocation.Place);
        }
    }

    /// <inheritdoc/>
    public DeviceAllocation? TryChoose(AddressRange comer)
    {
        LinkedListNode<DeviceAllocation>? oldest = _main.First ?? _window.First;
        if (oldest is null)
        {
            return null;
        }

        long before = _evicted.LastUse(comer.Start);
        bool isScan = before != 0 && oldest.Value.LastUse > before;
        LinkedListNode<DeviceAllocation> chosen = isScan ? _window.First ?? oldest : oldest;
        chosen.List!.Remove(chosen);
        _evicted.Note(chosen.Value.Range.Start, chosen.Value.LastUse);
        return chosen.Value;
    }

    /// <inheritdoc/>
    public void Kept(DeviceAllocation allocation) => Added(allocation);

    /// <inheritdoc/>
    public void Released(DeviceAllocation allocation)
    {
        ArgumentNullException.ThrowIfNull(allocation);
        allocation.Place.List?.Remove(allocation.Place);
    }
}
