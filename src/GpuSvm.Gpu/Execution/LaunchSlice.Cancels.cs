namespace GpuSvm.Gpu;

/// <content>The faults that the driver cancels.</content>
internal sealed partial class LaunchSlice
{
    /// <summary>Stops the launch for a cancelled fault whose access still waits since it reported that very fault, or for whatever waits here.</summary>
    private bool TakeCancels()
    {
        CancelRequest? first = Port.Cancels.Take();
        for (CancelRequest? request = first; request is not null; request = request.Next)
        {
            if (request.Fault is { } fault ? IsWaiting(fault) : IsWaitingSince(request.Latest))
            {
                _launch.TryStop(LaunchStop.Fault(request.Report));
            }
            else
            {
                Port.CountStaleCancel();
            }
        }

        return first is not null;
    }

    private bool IsWaiting(in FaultEntry fault)
    {
        foreach (GpuThread lane in _faulted.Lanes)
        {
            if (lane.IsReported && lane.ReportedAt == fault.Timestamp
                && lane.Pending.Address == fault.Address.Value && lane.Pending.Access == fault.Access)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>True if an access waits that has reported itself by then: a cancel that comes late hits no later one.</summary>
    private bool IsWaitingSince(ulong latest)
    {
        foreach (GpuThread lane in _faulted.Lanes)
        {
            if (lane.IsReported && lane.ReportedAt <= latest)
            {
                return true;
            }
        }

        return false;
    }
}
