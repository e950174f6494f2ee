namespace GpuSvm.Gpu;

/// <content>What is told of the threads that wait for faults.</content>
internal sealed partial class LaunchSlice
{
    /// <summary>Tells that a thread's wait for its reported fault is over.</summary>
    private void TellWaitEnd(GpuThread lane, EventCause end)
    {
        if (lane.IsReported)
        {
            _faults.Events?.TellWaitEnd(_sm, lane, end, end == EventCause.Stopped ? 0 : _seenReplays);
        }
    }
}
