namespace GpuSvm.Driver;

/// <summary>What the driver tells a stream of events.</summary>
internal static class DriverEvents
{
    /// <summary>A batch was fetched, or has been served.</summary>
    /// <param name="events">The stream.</param>
    /// <param name="phase">Which of the two.</param>
    /// <param name="batch">Number of the batch, from 1 on.</param>
    /// <param name="faults">Number of its faults.</param>
    public static void TellBatch(this EventStream events, EventPhase phase, long batch, int faults) =>
        events.Write(new SvmEvent(EventKind.Batch, phase, EventTrack.Worker(0)) { Id = (ulong)batch, Count = faults });

    /// <summary>Entries were thrown out of the ring.</summary>
    /// <param name="events">The stream.</param>
    /// <param name="entries">How many.</param>
    public static void TellFlush(this EventStream events, int entries) =>
        events.Write(new SvmEvent(EventKind.Flush, EventPhase.Instant, EventTrack.Worker(0)) { Count = entries });

    /// <summary>The entries of a range are about to be dropped, or have been and no access completes through them.</summary>
    /// <param name="events">The stream.</param>
    /// <param name="phase">Which of the two.</param>
    /// <param name="range">The range.</param>
    /// <param name="cause">Why; that of the first phase counts.</param>
    public static void TellInvalidation(this EventStream events, EventPhase phase, AddressRange range, EventCause cause) =>
        events.Write(new SvmEvent(EventKind.Invalidation, phase, EventTrack.CurrentThread)
        {
            Address = range.Start,
            Bytes = range.End.Value - range.Start.Value,
            Cause = cause,
        });
}
