namespace GpuSvm.Gpu;

/// <summary>What runs launches.</summary>
internal interface IExecutor : IDisposable
{
    /// <summary>True if a thread other than the calling one may have an access in flight.</summary>
    /// <remarks>The caller has passed a full fence since it dropped translations.</remarks>
    bool OthersExecute { get; }

    /// <summary>Runs a launch: to its end, or in the background.</summary>
    void Submit(Launch launch);

    /// <summary>Tells threads that sleep that something changed: a replay, a cancel, a slot that was given back.</summary>
    void Wake();
}
