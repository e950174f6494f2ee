namespace GpuSvm.Svm.Tests.Ranges;

/// <summary>A driver whose page table is a dictionary, with a flush that is begun in the first pass and ends in the second.</summary>
internal sealed class RangeDriver : ISvmRangeOwner
{
    private readonly Dictionary<ulong, Entry> _entries = [];
    private readonly List<(Invalidation Cause, ulong Page, Entry Entry)> _flushing = [];

    /// <summary>What was asked of it, in order.</summary>
    public List<string> Log { get; } = [];

    /// <summary>Ranges of which the CPU has unmapped something.</summary>
    public List<SvmRange> Garbage { get; } = [];

    /// <summary>Number of ranges that it keeps something for.</summary>
    public int Kept { get; private set; }

    /// <summary>How often it was asked to keep something.</summary>
    public int Allocations { get; private set; }

    public Errno Refusal { get; set; }

    public Action? WhileAllocating { get; set; }

    public Action<SvmNotifier>? InFirstPass { get; set; }

    public Action<SvmNotifier>? InSecondPass { get; set; }

    /// <summary>Drops entries and waits for that in the first pass, then has the pages unmapped at once.</summary>
    public bool IsOnePass { get; set; }

    public bool RefusesToWait { get; set; }

    public Errno TryAllocate(AddressRange range, out object? data)
    {
        Allocations++;
        WhileAllocating?.Invoke();
        data = Refusal == Errno.None ? $"data of {range}" : null;
        Kept += Refusal == Errno.None ? 1 : 0;
        return Refusal;
    }

    public void Free(AddressRange range, object? data)
    {
        Assert.Equal($"data of {range}", data);
        Kept--;
    }

    /// <summary>Enters the pages of a range, if they are valid.</summary>
    public bool Bind(SvmSpace space, SvmRange range, Protection rights)
    {
        using (space.NotifierLock.Enter())
        {
            if (!space.ArePagesValid(range, rights))
            {
                return false;
            }

            foreach (MappedBlock block in range.Blocks)
            {
                for (ulong i = 0; i < (ulong)block.PageCount; i++)
                {
                    ulong page = range.Range.Start + (((ulong)block.FirstPage + i) * Page.Size);
                    _entries[page] = block.System is { } address
                        ? new Entry(address.Value + (i * Page.Size), null, rights)
                        : new Entry(null, block.DevicePage + i, rights);
                }
            }

            return true;
        }
    }

    /// <summary>True if the device has an entry for each page of a range.</summary>
    public bool IsBound(SvmRange range) => EntriesOf(range.Range) == (int)range.Range.PageCount;

    /// <summary>Number of the device's entries in some addresses.</summary>
    public int EntriesOf(AddressRange part) => _entries.Keys.Count(page => part.Contains(page));

    /// <summary>The device's entry of a page, or null.</summary>
    public Entry? EntryAt(ulong page) => _entries.TryGetValue(page, out Entry entry) ? entry : null;

    /// <summary>Whether the device may reach an address: by an entry, or by a translation that is not flushed yet.</summary>
    public bool Reaches(DeviceAddress address) =>
        _entries.Values.Concat(_flushing.Select(flush => flush.Entry)).Any(entry => entry.System == address.Value);

    public bool Invalidate(SvmNotifier notifier, in Invalidation invalidation)
    {
        if (invalidation.Blocking == InvalidationBlocking.NonBlockable && RefusesToWait)
        {
            return false;
        }

        Log.Add($"invalidate {invalidation.Cause} {notifier.RangeCount}");
        InFirstPass?.Invoke(notifier);
        Invalidation begun = invalidation;
        AddressRange entries = notifier.EntriesOf(invalidation);
        List<(ulong Page, Entry Entry)> dropped = Drop(entries);
        if (!IsOnePass)
        {
            _flushing.AddRange(dropped.Select(entry => (begun, entry.Page, entry.Entry)));
        }

        foreach (SvmRange range in notifier.RangesIn(invalidation.Range))
        {
            if (IsOnePass)
            {
                notifier.Space.UnmapPagesLocked(range, invalidation);
            }

            if (invalidation.Cause == InvalidationCause.Unmap)
            {
                range.SetUnmapped(invalidation.Range);
                Garbage.Add(range);
            }
        }

        return true;
    }

    public void FinishInvalidation(SvmNotifier notifier, in Invalidation invalidation)
    {
        Invalidation ended = invalidation;
        Log.Add($"flushed {invalidation.Cause}");
        InSecondPass?.Invoke(notifier);
        _flushing.RemoveAll(flush => flush.Cause == ended);
    }

    public void DropEntries(SvmRange range, AddressRange part)
    {
        Assert.True(range.Range.Contains(part) && part.IsPageAligned);
        Log.Add($"drop {part.PageCount}");
        Drop(part);
        _flushing.RemoveAll(flush => part.Contains(flush.Page));
    }

    private List<(ulong Page, Entry Entry)> Drop(AddressRange part)
    {
        List<(ulong Page, Entry Entry)> dropped = [];
        for (ulong page = part.Start; page < part.End; page += Page.Size)
        {
            if (_entries.Remove(page, out Entry entry))
            {
                dropped.Add((page, entry));
            }
        }

        return dropped;
    }

    /// <summary>An entry of the device's page table.</summary>
    internal readonly record struct Entry(ulong? System, ulong? DevicePage, Protection Rights);
}
