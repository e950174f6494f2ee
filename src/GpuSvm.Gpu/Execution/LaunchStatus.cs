namespace GpuSvm;

/// <summary>How a launch ended.</summary>
public enum LaunchStatus : byte
{
    /// <summary>Every thread ran to its end.</summary>
    Completed,

    /// <summary>An access could not be served: the channel was cancelled.</summary>
    Faulted,

    /// <summary>A kernel threw an exception.</summary>
    KernelThrew,

    /// <summary>The GPU was disposed of, or its launches were stopped.</summary>
    Cancelled,
}
