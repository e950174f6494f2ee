namespace GpuSvm.Gpu;

/// <summary>What runs launches.</summary>
internal interface IExecutor : IDisposable
{
    /// <summary>True if a thread other than the calling one may have an access in flight.</summary>
    /// <remarks>Passes a full fence first: a thread that is not seen here sees the translations dropped before.</remarks>
    bool OthersExecuteAfterDrop { get; }

    /// <summary>Runs a launch: to its end, or in the background.</summary>
    void Submit(Launch launch);

    /// <summary>Tells threads that sleep that something changed: a replay, a cancel, a slot that was given back.</summary>
    void Wake();
}
