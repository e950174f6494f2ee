namespace GpuSvm.Telemetry;

/// <summary>From which memory to which bytes go.</summary>
public enum EventDirection : byte
{
    /// <summary>They go nowhere: nothing moves, or memory is cleared.</summary>
    None,

    /// <summary>From system memory to the device's.</summary>
    ToDevice,

    /// <summary>From the device's memory to the system's.</summary>
    ToSystem,

    /// <summary>Within system memory.</summary>
    InSystem,

    /// <summary>Within the device's memory.</summary>
    InDevice,
}
