namespace GpuSvm.Gpu;

/// <summary>A fault that the driver cancels, on its way to the SM that reported it.</summary>
internal sealed class CancelRequest(in FaultEntry fault, GpuFaultReport report)
{
    internal FaultEntry Fault { get; } = fault;

    internal GpuFaultReport Report => report;

    /// <summary>The next one of the same SM.</summary>
    internal CancelRequest? Next { get; set; }
}
