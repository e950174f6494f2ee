namespace GpuSvm.Svm;

/// <summary>What a device's memory tells a stream of events.</summary>
internal static class MigrationEvents
{
    /// <summary>Pages are about to move, on the calling thread.</summary>
    public static void TellMigration(this EventStream events, AddressRange range, EventCause cause, EventDirection direction) =>
        events.Write(new SvmEvent(EventKind.Migration, EventPhase.Begin, EventTrack.CurrentThread)
        {
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
