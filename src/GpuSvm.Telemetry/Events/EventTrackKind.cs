namespace GpuSvm.Telemetry;

/// <summary>What kind of actor an event belongs to.</summary>
public enum EventTrackKind : byte
{
    /// <summary>The GPU as a whole.</summary>
    Device,

    /// <summary>A streaming multiprocessor.</summary>
    Sm,

    /// <summary>A worker of the driver.</summary>
    Worker,

    /// <summary>A copy engine.</summary>
    CopyEngine,

    /// <summary>A thread of the computer.</summary>
    Thread,
}
