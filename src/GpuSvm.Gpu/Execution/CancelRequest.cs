namespace GpuSvm.Gpu;

/// <summary>What the driver cancels, on its way to the SM that reported it: one fault, or all that waits there.</summary>
internal sealed class CancelRequest
{
    internal CancelRequest(in FaultEntry fault, GpuFaultReport report)
        : this(CancelTarget.Of(fault), fault.Timestamp, report) => Fault = fault;

    internal CancelRequest(CancelTarget target, ulong latest, GpuFaultReport report)
    {
        Target = target;
        Latest = latest;
        Report = report;
    }

    internal CancelTarget Target { get; }

    /// <summary>The one fault; null for all that the channel has waiting on the SM.</summary>
    internal FaultEntry? Fault { get; }

    /// <summary>The GPU's time of the last report that is meant: who reports later is not.</summary>
    internal ulong Latest { get; }

    internal GpuFaultReport Report { get; }

    /// <summary>The next one of the same SM.</summary>
    internal CancelRequest? Next { get; set; }
}
