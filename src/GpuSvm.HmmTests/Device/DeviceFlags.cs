namespace GpuSvm.HmmTests;

/// <summary>How a <see cref="DeviceFile"/> is to misbehave.</summary>
[Flags]
public enum DeviceFlags
{
    /// <summary>Not at all.</summary>
    None = 0,

    /// <summary>The next allocation of a huge page fails, once.</summary>
    FailAllocation = 1,
}
