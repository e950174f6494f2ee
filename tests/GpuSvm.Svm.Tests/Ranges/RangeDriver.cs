namespace GpuSvm.Svm.Tests.Ranges;

/// <summary>A driver whose page table is a dictionary, with a flush that is begun in the first pass and ends in the second.</summary>
internal sealed class RangeDriver : ISvmRangeOwner
{
    private readonly Dictionary<SvmRange, MappedBlock[]> _bound = [];
    private readonly List<(Invalidation Cause, MappedBlock[] Blocks)> _flushing = [];

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

            _bound[range] = range.Blocks.ToArray();
            return true;
        }
    }

    public bool IsBound(SvmRange range) => _bound.ContainsKey(range);

    /// <summary>Whether the device may reach an address: by an entry, or by a translation that is not flushed yet.</summary>
    public bool Reaches(DeviceAddress address) =>
        _bound.Values.Concat(_flushing.Select(flush => flush.Blocks)).Any(blocks => blocks.Any(block => block.System == address));

    public bool Invalidate(SvmNotifier notifier, in Invalidation invalidation)
    {
        if (invalidation.Blocking == InvalidationBlocking.NonBlockable && RefusesToWait)
        {
            return false;
        }

        Log.Add($"invalidate {invalidation.Cause} {notifier.RangeCount}");
        InFirstPass?.Invoke(notifier);
        foreach (SvmRange range in notifier.RangesIn(invalidation.Range))
        {
            if (_bound.Remove(range, out MappedBlock[]? blocks) && !IsOnePass)
            {
                _flushing.Add((invalidation, blocks));
            }

            if (IsOnePass)
            {
                notifier.Space.UnmapPagesLocked(range);
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

    public void DropEntries(SvmRange range)
    {
        Log.Add($"drop {range.Range.PageCount}");
        _bound.Remove(range);
    }
}
