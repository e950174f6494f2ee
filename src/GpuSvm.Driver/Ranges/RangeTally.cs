namespace GpuSvm.Driver;

/// <summary>What one worker has counted of ranges in one batch; added to <see cref="RangeCounters"/> when the batch is done.</summary>
internal struct RangeTally
{
    /// <summary>Bindings of ranges, by the binary logarithm of their pages.</summary>
    public OrderCounts Bound;

    /// <summary>Bindings of ranges whose pages were valid: nothing was looked up.</summary>
    public long BoundAsTheyWere;

    /// <summary>Times that pages were got again, because they had changed before they were bound.</summary>
    public long Retries;

    /// <summary>Ranges of which pages were brought home, because they could not be mapped where they were.</summary>
    public long SentHome;

    /// <summary>Ranges of which at least one page was moved to the device's memory.</summary>
    public long Moves;

    /// <summary>Tries to move a range in which no page moved.</summary>
    public long FailedMoves;

    /// <summary>Ranges that could not be had as a whole: their faults were served page by page.</summary>
    public long LeftToPages;
}
