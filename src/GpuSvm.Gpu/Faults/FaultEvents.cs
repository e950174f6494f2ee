namespace GpuSvm.Gpu;

/// <summary>What the GPU tells a stream of events about faults. A fault is named by its entry's timestamp, address and SM.</summary>
internal static class FaultEvents
{
    /// <summary>A fault's entry was written: its access waits from now on, unless it is a prefetch.</summary>
    public static void TellReport(this EventStream events, in FaultEntry fault)
    {
        EventPhase phase = fault.Access == FaultAccess.Prefetch ? EventPhase.Instant : EventPhase.Begin;
        events.Write(new SvmEvent(EventKind.Fault, phase, EventTrack.Sm(fault.Client))
        {
            Nanoseconds = (long)fault.Timestamp,
            Id = fault.Timestamp,
            Channel = fault.Instance.Address,
            Address = fault.Address.Value,
            Cause = CauseOf(fault.Access),
        });
    }

    /// <summary>An access waits no longer for the fault that it reported.</summary>
    /// <param name="events">The stream.</param>
    /// <param name="sm">Where it waited.</param>
    /// <param name="lane">The thread, which still knows its entry.</param>
    /// <param name="end">Whether it has completed, faults again, or was stopped.</param>
    /// <param name="replay">Number of the replay on which it tried again; 0 for none.</param>
    public static void TellWaitEnd(this EventStream events, Sm sm, GpuThread lane, EventCause end, long replay) =>
        events.Write(new SvmEvent(EventKind.Fault, EventPhase.End, EventTrack.Sm(sm.Index))
        {
            Id = lane.ReportedAt,
            Link = (ulong)replay,
            Address = lane.Pending.Address,
            Cause = end,
        });

    /// <summary>Accesses that wait were told to try again.</summary>
    /// <param name="events">The stream.</param>
    /// <param name="number">Number of the replay, from 1 on.</param>
    /// <param name="nanoseconds">When that was: taken before, for SMs act on it at once.</param>
    public static void TellReplay(this EventStream events, long number, long nanoseconds) =>
        events.Write(new SvmEvent(EventKind.Replay, EventPhase.Instant, EventTrack.Device)
        {
            Nanoseconds = nanoseconds,
            Id = (ulong)number,
        });

    /// <summary>A fault was cancelled, or what waits at a unit, or a whole channel: then the timestamp is 0.</summary>
    public static void TellCancel(this EventStream events, InstancePointer instance, ulong timestamp, GpuFaultReport report) =>
        events.Write(new SvmEvent(EventKind.Cancel, EventPhase.Instant, EventTrack.Device)
        {
            Id = timestamp,
            Channel = instance.Address,
            Address = report.Address.Value,
            Cause = CauseOf(report.Access),
        });

    private static EventCause CauseOf(FaultAccess access) => EventCause.Read + (byte)access;
}
