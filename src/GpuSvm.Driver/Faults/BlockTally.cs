namespace GpuSvm.Driver;

/// <summary>What one worker has counted in one batch; added to <see cref="DriverCounters"/> when the batch is done.</summary>
internal struct BlockTally
{
    /// <summary>4 KiB pages that were entered in a GPU page table.</summary>
    public long PagesMapped;

    /// <summary>2 MiB pages that were entered, 512 of <see cref="PagesMapped"/> each.</summary>
    public long HugePagesMapped;

    /// <summary>Pages that were taken from the CPU for an atomic.</summary>
    public long ExclusivePages;

    /// <summary>Pages that were duplicated in the device's memory.</summary>
    public long DuplicatedPages;

    /// <summary>Look-ups that were thrown away because an invalidation came between.</summary>
    public long Retries;
}
