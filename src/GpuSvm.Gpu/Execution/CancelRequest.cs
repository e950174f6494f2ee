namespace GpuSvm.Gpu;

/// <summary>What the driver cancels, on its way to the SM that reported it: one fault, or all that waits there.</summary>
internal sealed class CancelRequest
{
    internal CancelRequest(in FaultEntry fault, GpuFaultReport report)
        : this(CancelTarget.Of(fault), report) => Fault = fault;

    internal CancelRequest(CancelTarget target, GpuFaultReport report)
    {
        Target = target;
        Report = report;
    }

    internal CancelTarget Target { get; }

    /// <summary>The one fault; null for all that the channel has waiting on the SM.</summary>
    internal FaultEntry? Fault { get; }

    internal GpuFaultReport Report { get; }

    /// <summary>The next one of the same SM.</summary>
    internal CancelRequest? Next { get; set; }
}
