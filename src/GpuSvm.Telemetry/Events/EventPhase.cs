namespace GpuSvm.Telemetry;

/// <summary>Whether something begins, ends, or takes no time.</summary>
public enum EventPhase : byte
{
    /// <summary>All of it: it takes no time.</summary>
    Instant,

    /// <summary>It begins.</summary>
    Begin,

    /// <summary>It has ended.</summary>
    End,
}
