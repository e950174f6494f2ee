namespace GpuSvm.Live;

/// <summary>What the app has mapped through a session: told so that a span is only given over memory that is there. Thread-safe.</summary>
internal sealed class AppHeap
{
    private readonly RankedLock _lock = new(LockRank.Device);
    private readonly AddressRangeSet _mapped = new();
    private readonly AddressRangeSet _retired = new();

    /// <summary>Takes note of a mapping.</summary>
    public void Add(AddressRange range)
    {
        using (_lock.Enter())
        {
            _mapped.Add(range);
        }
    }

    /// <summary>Unmaps a range.</summary>
    /// <returns>What munmap answers.</returns>
    public Errno Unmap(AddressRange range)
    {
        // Forgotten first: once it is unmapped anybody may get the addresses.
        using (_lock.Enter())
        {
            _mapped.Remove(range);
            _retired.Remove(range);
        }

        return AppMemory.Unmap(range.Start, range.Length);
    }

    /// <summary>Gives the contents of a range up; its addresses stay taken, and read as zero.</summary>
    public Errno Retire(AddressRange range)
    {
        using (_lock.Enter())
        {
            _mapped.Remove(range);
            _retired.Add(range);
        }

        return AppMemory.Replace(range.Start, range.Length);
    }

    /// <summary>True if the session has mapped every byte of a range and not given it up.</summary>
    public bool Contains(AddressRange range)
    {
        using (_lock.Enter())
        {
            return _mapped.Contains(range);
        }
    }

    /// <summary>Unmaps everything.</summary>
    public void UnmapAll()
    {
        AddressRange[] all;
        using (_lock.Enter())
        {
            all = [.. _mapped.Ranges, .. _retired.Ranges];
        }

        Array.ForEach(all, range => Unmap(range));
    }
}
