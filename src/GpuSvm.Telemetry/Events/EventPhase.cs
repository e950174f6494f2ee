namespace GpuSvm.Telemetry;

/// <summary>Which part of what it tells of an event is.</summary>
public enum EventPhase : byte
{
    /// <summary>All of it: it takes no time.</summary>
    Instant,

    /// <summary>It begins.</summary>
    Begin,

    /// <summary>It has ended.</summary>
    End,
}
