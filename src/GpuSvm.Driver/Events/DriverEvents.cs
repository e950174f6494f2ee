namespace GpuSvm.Driver;

/// <summary>What the driver tells a stream of events.</summary>
internal static class DriverEvents
{
    /// <summary>A batch was fetched, and is served.</summary>
    /// <param name="events">The stream.</param>
    /// <param name="batch">Number of the batch, from 1 on.</param>
    /// <param name="faults">Number of its faults.</param>
    public static void TellBatch(this EventStream events, long batch, int faults) =>
        events.Write(new SvmEvent(EventKind.Batch, EventPhase.Begin, EventTrack.Worker(0)) { Id = (ulong)batch, Count = faults });

    /// <summary>A batch has been served, its replay included.</summary>
    public static void TellBatchEnd(this EventStream events, long batch) =>
        events.Write(new SvmEvent(EventKind.Batch, EventPhase.End, EventTrack.Worker(0)) { Id = (ulong)batch });

    /// <summary>A worker begins with a block.</summary>
    /// <param name="events">The stream.</param>
    /// <param name="worker">Which worker.</param>
    /// <param name="number">Number of the batch.</param>
    /// <param name="batch">The batch.</param>
    /// <param name="block">The block.</param>
    public static void TellService(this EventStream events, int worker, long number, FaultBatch batch, FaultBlock block) =>
        events.Write(new SvmEvent(EventKind.Service, EventPhase.Begin, EventTrack.Worker(worker))
        {
            Link = (ulong)number,
            Client = batch.ClientAt(block.First).Root.Address,
            Address = HugePage.AlignDown(batch.KeyAt(block.First).Address),
            Bytes = HugePage.Size,
            Count = block.End - block.First,
        });

    /// <summary>A worker is done with a block: every fault of it has its result.</summary>
    public static void TellServiceEnd(this EventStream events, int worker, FaultBatch batch, FaultBlock block) =>
        events.Write(new SvmEvent(EventKind.Service, EventPhase.End, EventTrack.Worker(worker))
        {
            Address = HugePage.AlignDown(batch.KeyAt(block.First).Address),
        });

    /// <summary>Entries were thrown out of the ring.</summary>
    /// <param name="events">The stream.</param>
    /// <param name="entries">How many.</param>
    public static void TellFlush(this EventStream events, int entries) =>
        events.Write(new SvmEvent(EventKind.Flush, EventPhase.Instant, EventTrack.Worker(0)) { Count = entries });

    /// <summary>The entries of a range are about to be dropped.</summary>
    public static void TellInvalidation(this EventStream events, PageDirectoryBase client, AddressRange range, EventCause cause) =>
        events.Write(new SvmEvent(EventKind.Invalidation, EventPhase.Begin, EventTrack.CurrentThread)
        {
            Client = client.Address,
            Address = range.Start,
            Bytes = range.End.Value - range.Start.Value,
            Cause = cause,
        });

    /// <summary>The entries of a range have been dropped: no access completes through one of them.</summary>
    /// <param name="events">The stream.</param>
    /// <param name="range">The range.</param>
    /// <param name="pages">Number of 4 KiB pages that had an entry.</param>
    public static void TellInvalidationEnd(this EventStream events, AddressRange range, long pages) =>
        events.Write(new SvmEvent(EventKind.Invalidation, EventPhase.End, EventTrack.CurrentThread) { Address = range.Start, Count = pages });

    /// <summary>Pages are about to move.</summary>
    public static void TellMigration(this EventStream events, PageDirectoryBase client, AddressRange range, EventCause cause, EventDirection direction) =>
        events.Write(new SvmEvent(EventKind.Migration, EventPhase.Begin, EventTrack.CurrentThread)
        {
            Client = client.Address,
            Address = range.Start,
            Bytes = range.End.Value - range.Start.Value,
            Cause = cause,
            Direction = direction,
        });

    /// <summary>Pages have moved, as far as they could.</summary>
    /// <param name="events">The stream.</param>
    /// <param name="range">The range that was to move.</param>
    /// <param name="pages">Number of 4 KiB pages that have moved.</param>
    public static void TellMigrationEnd(this EventStream events, AddressRange range, long pages) =>
        events.Write(new SvmEvent(EventKind.Migration, EventPhase.End, EventTrack.CurrentThread) { Address = range.Start, Count = pages });
}
