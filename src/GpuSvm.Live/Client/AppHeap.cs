namespace GpuSvm.Live;

/// <summary>What the app has mapped through a session: told so that a span is only given over memory that is there. Thread-safe.</summary>
/// <remarks>
/// The app may unmap by itself, and then the addresses may become somebody else's. So what the session unmaps unasked is only what
/// still shows a buffer.
/// </remarks>
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

    /// <summary>Gives the contents of a range up, as far as it still shows a buffer; its addresses stay taken, and read as zero.</summary>
    public Errno Retire(AddressRange range)
    {
        using (_lock.Enter())
        {
            _mapped.Remove(range);
        }

        foreach (AddressRange part in ProcessMaps.Buffers(range))
        {
            Errno error = AppMemory.Replace(part.Start, part.Length);
            if (error != Errno.None)
            {
                return error;
            }

            using (_lock.Enter())
            {
                _retired.Add(part);
            }
        }

        return Errno.None;
    }

    /// <summary>True if the session has mapped every byte of a range and not given it up.</summary>
    public bool Contains(AddressRange range)
    {
        using (_lock.Enter())
        {
            return _mapped.Contains(range);
        }
    }

    /// <summary>Unmaps everything that is still mapped.</summary>
    public void UnmapAll()
    {
        AddressRange[] mapped;
        AddressRange[] retired;
        using (_lock.Enter())
        {
            mapped = [.. _mapped.Ranges];
            retired = [.. _retired.Ranges];
        }

        foreach (AddressRange part in mapped.SelectMany(ProcessMaps.Buffers).Concat(retired))
        {
            Unmap(part);
        }
    }
}
