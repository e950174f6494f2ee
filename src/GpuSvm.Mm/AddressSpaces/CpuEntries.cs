namespace GpuSvm.Mm;

/// <summary>New entries that a CPU is told of together: one call for pages that follow each other, as their frames do, with equal rights.</summary>
/// <remarks>
/// Used under the lock of the pages' table, by one thread. A CPU that cannot be told now faults on its next access, and is told then.
/// </remarks>
internal struct CpuEntries(ICpu cpu)
{
    private ulong _start;
    private ulong _end;
    private FrameNumber _first;
    private Protection _rights;

    /// <summary>Adds the entry of a page of 4 KiB; addresses rise.</summary>
    public void Add(ulong page, CpuPte pte)
    {
        bool follows = page == _end && pte.Rights == _rights && pte.Frame == _first + ((page - _start) >> Page.Shift);
        if (!follows)
        {
            Tell();
            _start = page;
            _first = pte.Frame;
            _rights = pte.Rights;
        }

        _end = page + Page.Size;
    }

    /// <summary>Tells of what was added. Where nothing may be done, who waits is woken, to find that out.</summary>
    public void Tell()
    {
        if (_start == _end)
        {
            return;
        }

        var range = new AddressRange(_start, _end);
        _start = _end;
        if (_rights == Protection.None)
        {
            cpu.Wake(range);
        }
        else
        {
            _ = cpu.Map(range, _first, _rights);
        }
    }
}
