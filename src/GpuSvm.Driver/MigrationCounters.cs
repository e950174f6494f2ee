namespace GpuSvm;

/// <summary>What a machine has counted of ranges and of pages that moved. Pages are those of 4 KiB, also where they moved as one of 2 MiB.</summary>
public sealed record MigrationCounters
{
    /// <summary>Pages that came to the GPU's memory because the GPU touched their range, those included that nobody had touched before.</summary>
    public long PagesToDeviceByFault { get; init; }

    /// <summary>Pages that came because the program asked for it.</summary>
    public long PagesToDeviceByRequest { get; init; }

    /// <summary>Pages that went home because the CPU touched them, or one beside them.</summary>
    public long PagesHomeByFault { get; init; }

    /// <summary>Pages that went home because somebody asked for that, or because the GPU could not use them where they were.</summary>
    public long PagesHomeByRequest { get; init; }

    /// <summary>Pages that went home to make room for others, or because all had to leave.</summary>
    public long PagesHomeByEviction { get; init; }

    /// <summary>Pages of which the GPU got a duplicate to read, as the program has advised; they have not moved.</summary>
    public long PagesDuplicated { get; init; }

    /// <summary>Bytes of all pages that came to the GPU's memory.</summary>
    public ulong BytesToDevice => (ulong)(PagesToDeviceByFault + PagesToDeviceByRequest) << Page.Shift;

    /// <summary>Bytes of all pages that went home.</summary>
    public ulong BytesHome => (ulong)(PagesHomeByFault + PagesHomeByRequest + PagesHomeByEviction) << Page.Shift;

    /// <summary>Touches of the CPU that had to wait, because the timeslice of the page had not ended.</summary>
    public long TimesliceRefusals { get; init; }

    /// <summary>Allocations that have left because others needed room.</summary>
    public long Evictions { get; init; }

    /// <summary>Most pages that were in the GPU's memory at once; its page tables do not count.</summary>
    public long PeakVideoPages { get; init; }

    /// <summary>Ranges that were made.</summary>
    public long RangesMade { get; init; }

    /// <summary>Ranges that were removed.</summary>
    public long RangesRemoved { get; init; }
}
