namespace GpuSvm.Driver;

/// <summary>What a driver has counted since it was made. Written by the servicer's thread, read by any.</summary>
public sealed class DriverCounters
{
    /// <summary>Batches that were served.</summary>
    public long Batches { get; internal set; }

    /// <summary>Fault entries that were read from the ring.</summary>
    public long Fetched { get; internal set; }

    /// <summary>2 MiB blocks of addresses of a client that batches touched, once a batch.</summary>
    public long Blocks { get; internal set; }

    /// <summary>Entries for a page that another entry of the same batch and client named already.</summary>
    public long Duplicates { get; internal set; }

    /// <summary>Pages that were entered in a GPU page table.</summary>
    public long PagesMapped { get; internal set; }

    /// <summary>Pages of 2 MiB among them; each counts 512 there.</summary>
    public long HugePagesMapped { get; internal set; }

    /// <summary>Pages that the device took from the CPU for an atomic, each time.</summary>
    public long ExclusivePages { get; internal set; }

    /// <summary>Pages that were duplicated in the device's memory for reading, each time.</summary>
    public long DuplicatedPages { get; internal set; }

    /// <summary>Faults of pages that an earlier batch had mapped when they were served.</summary>
    public long Covered { get; internal set; }

    /// <summary>Faults of pages that came with a page of 2 MiB that another fault of their batch had mapped.</summary>
    public long Skipped { get; internal set; }

    /// <summary>Look-ups from instance to client: one for each instance of each batch.</summary>
    public long LookUps { get; internal set; }

    /// <summary>Look-ups thrown away because an invalidation came between.</summary>
    public long Retries { get; internal set; }

    /// <summary>Faults that were left to fault again because the deadline passed.</summary>
    public long Deferred { get; internal set; }

    /// <summary>Prefetches of pages that were not there.</summary>
    public long PrefetchesDropped { get; internal set; }

    /// <summary>Faults that were cancelled: each kills its channel if its access still waits.</summary>
    public long Cancels { get; internal set; }

    /// <summary>Faults that were thrown away because their channel had been cancelled as a whole in the same batch.</summary>
    public long DroppedWithChannel { get; internal set; }

    /// <summary>Replays that were issued.</summary>
    public long Replays { get; internal set; }

    /// <summary>Times that entries were thrown away before a replay.</summary>
    public long Flushes { get; internal set; }

    /// <summary>Entries that were thrown away before a replay; what still waited has reported itself again.</summary>
    public long FlushedEntries { get; internal set; }

    /// <summary>Batches that found the ring's overflow flag set.</summary>
    public long Overflows { get; internal set; }

    /// <summary>Entries that never became valid.</summary>
    public long LateEntries { get; internal set; }

    /// <summary>Times that PUT was read.</summary>
    public long PutReads { get; internal set; }

    /// <summary>Times that GET was written.</summary>
    public long GetWrites { get; internal set; }

    /// <summary>What was counted of ranges; nothing but with <see cref="SizedRangesStrategy"/>.</summary>
    public RangeCounters Ranges { get; } = new();

    internal void Add(in BlockTally tally)
    {
        PagesMapped += tally.PagesMapped;
        HugePagesMapped += tally.HugePagesMapped;
        ExclusivePages += tally.ExclusivePages;
        DuplicatedPages += tally.DuplicatedPages;
        Retries += tally.Retries;
    }
}
