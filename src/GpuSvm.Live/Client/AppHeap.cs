namespace GpuSvm.Live;

/// <summary>What the app has mapped through a session: told so that a span is only given over memory that is there. Thread-safe.</summary>
/// <remarks>
/// The app may unmap and move by itself, and then the addresses may become somebody else's. So what the session unmaps unasked is only
/// what the kernel still shows as the buffer that is meant, wherever that is; and addresses that are not known are looked up.
/// </remarks>
internal sealed class AppHeap
{
    private static readonly AddressRange Everywhere = new(0UL, ulong.MaxValue);
    private readonly RankedLock _lock = new(LockRank.Device);

    // Between the look at what is mapped and the call that unmaps it no other caller may do the same.
    private readonly RankedLock _unmapping = new(LockRank.Machine);
    private readonly AddressRangeSet _mapped = new();
    private readonly AddressRangeSet _retired = new();
    private readonly int _engineId;

    /// <summary>Makes an empty heap.</summary>
    /// <param name="engineId">Process id of the engine whose buffers are mapped.</param>
    public AppHeap(int engineId) => _engineId = engineId;

    /// <summary>Takes note of a mapping.</summary>
    public void Add(AddressRange range)
    {
        using (_lock.Enter())
        {
            _mapped.Add(range);

            // Who unmapped a buffer that had been given up left its addresses to the next.
            _retired.Remove(range);
        }
    }

    /// <summary>Unmaps a range. Of several callers one does it.</summary>
    /// <param name="range">Page-aligned.</param>
    /// <returns>What munmap answers; ENOENT when a part of the range is not of this heap. Then nothing has changed.</returns>
    public Errno Unmap(AddressRange range)
    {
        using (_unmapping.Enter())
        {
            if (!Contains(range))
            {
                return Errno.ENOENT;
            }

            // Forgotten first: once it is unmapped anybody may get the addresses.
            using (_lock.Enter())
            {
                _mapped.Remove(range);
            }

            Errno error = AppMemory.Unmap(range.Start, range.Length);
            if (error != Errno.None)
            {
                Add(range);
            }

            return error;
        }
    }

    /// <summary>Gives the contents of a buffer up, as far as it is still mapped; its addresses stay taken, and read as zero.</summary>
    /// <param name="buffer">The buffer.</param>
    /// <returns>What mmap answers.</returns>
    public Errno Retire(long buffer)
    {
        using RankedLock.Scope unmapping = _unmapping.Enter();
        foreach (AddressRange part in ProcessMaps.Buffers(_engineId, buffer, Everywhere))
        {
            Errno error = AppMemory.Replace(part.Start, part.Length);
            if (error != Errno.None)
            {
                return error;
            }

            using (_lock.Enter())
            {
                _mapped.Remove(part);
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
            if (_mapped.Contains(range))
            {
                return true;
            }
        }

        return IsShown(range);
    }

    /// <summary>Unmaps everything that is still mapped.</summary>
    public void UnmapAll()
    {
        AddressRange[] retired;
        using (_lock.Enter())
        {
            retired = [.. _retired.Ranges];
        }

        foreach (AddressRange part in ProcessMaps.Buffers(_engineId, null, Everywhere).Concat(retired))
        {
            AppMemory.Unmap(part.Start, part.Length);
        }
    }

    /// <summary>Looks whether all of a range is memory of the session that the app has moved there by itself; takes note of it.</summary>
    private bool IsShown(AddressRange range)
    {
        var shown = new AddressRangeSet();
        foreach (AddressRange part in ProcessMaps.Buffers(_engineId, null, range))
        {
            shown.Add(part);
        }

        if (range.IsEmpty || !shown.Contains(range))
        {
            return false;
        }

        var pages = new AddressRange(Page.AlignDown(range.Start), Page.AlignDown(range.End - 1) + Page.Size);

        using (_lock.Enter())
        {
            _mapped.Add(pages);
        }

        return true;
    }
}
