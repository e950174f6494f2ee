namespace GpuSvm.Gpu;

/// <content>The threads that wait: for a fault to be served, or at a barrier.</content>
internal sealed partial class LaunchSlice
{
    private LaneList _faulted = new();
    private LaneList _atBarrier = new();
    private int _unreported;

    /// <summary>Faults that stand for the uTLB's outstanding ones: reported, and not replayed since.</summary>
    private int _outstanding;

    /// <summary>True if a report was put off to the SM's next turn.</summary>
    private bool _isThrottled;
    private long _seenReplays;
    private long _seenGetMoves;
    private bool _isTimed;
    private Deadline _served;

    /// <summary>True if threads wait for faults to be served and none can go on.</summary>
    internal bool IsWaitingForFaults => _ready.Count == 0 && _faulted.Count > 0;

    internal void AddFaulted(GpuThread lane)
    {
        if (_faulted.Count == 0)
        {
            _seenReplays = lane.Pending.ReplayEpoch;
            _outstanding = 0;
        }

        _isTimed = false;
        lane.IsReported = false;
        lane.IsLost = false;
        _unreported++;
        _faulted.Add(lane);
        Report(lane);
    }

    internal void AddAtBarrier(GpuThread lane)
    {
        ResidentBlock block = lane.Block;
        block.AtBarrier++;
        _atBarrier.Add(lane);
        lane.IsAtBarrier = true;
        if (block.AtBarrier == block.Lanes.Length)
        {
            OpenBarrier(block);
        }
        else if (block.IsBarrierBroken)
        {
            _launch.TryStop(LaunchStop.Threw(LaneErrors.BrokenBarrier(block.Lanes.Length - block.Running, block.AtBarrier)));
        }
    }

    /// <summary>Writes a prefetch's entry if there is room.</summary>
    internal void ReportPrefetch(GpuThread lane)
    {
        if (_faults.TryReport(_launch.Channel.Instance, _sm, lane.Pending, WhenFull.Drop, out _))
        {
            _sm.InterruptDue = true;
        }
    }

    /// <summary>Ends the launch when nobody served its faults in time. Called while the SM has nothing to do.</summary>
    internal void GiveUpWhenUnserved()
    {
        if (!IsWaitingForFaults || IsStopped)
        {
            return;
        }

        if (!_isTimed)
        {
            _isTimed = true;
            _served = _faults.NewDeadline();
        }
        else if (_served.HasPassed)
        {
            PendingAccess access = _faulted.Lanes[0].Pending;
            _launch.TryStop(LaunchStop.Fault(new GpuFaultReport(
                access.Address, access.Access, "fault not served: neither replay nor cancel came in time", Errno.ETIMEDOUT)));
        }
    }

    private bool LookAfterWaiting()
    {
        if (_faulted.Count == 0 && _atBarrier.Count == 0)
        {
            return false;
        }

        // Before a replay: what was cancelled is what waits now, and after it another entry would speak for it.
        bool worked = TakeCancels();
        if (IsStopped)
        {
            CancelAll();
            return true;
        }

        if (_faulted.Count > 0 && _faults.Signals.ReplayEpoch != _seenReplays)
        {
            TryFaultedAgain();
            return true;
        }

        if (_unreported > 0 && (_isThrottled || _faults.Signals.GetMoves != _seenGetMoves))
        {
            ReportAgain();
            return true;
        }

        return worked;
    }

    private void CancelAll()
    {
        foreach (GpuThread lane in _faulted.Lanes)
        {
            TellWaitEnd(lane, EventCause.Stopped);
            Ready(lane, PendingState.Cancelled);
        }

        foreach (GpuThread lane in _atBarrier.Lanes)
        {
            lane.IsAtBarrier = false;
            lane.Block.AtBarrier = 0;
            Ready(lane, PendingState.Cancelled);
        }

        _faulted.Truncate(0);
        _atBarrier.Truncate(0);
        _unreported = 0;
    }

    /// <summary>After a replay: every access walks again; what still faults reports itself again.</summary>
    private void TryFaultedAgain()
    {
        _seenReplays = _faults.Signals.ReplayEpoch;
        _isTimed = false;
        int left = 0;
        Span<GpuThread> lanes = _faulted.Lanes;
        int unreported = 0;
        for (int i = 0; i < lanes.Length; i++)
        {
            GpuThread lane = lanes[i];
            if (lane.IsLost)
            {
                lanes[left++] = lane;
                continue;
            }

            switch (Port.TryComplete(ref lane.Pending))
            {
                case AccessOutcome.Done:
                    TellWaitEnd(lane, EventCause.Completed);
                    Ready(lane, PendingState.Completed);
                    break;
                case AccessOutcome.Stopped:
                    TellWaitEnd(lane, EventCause.Stopped);
                    Ready(lane, PendingState.Cancelled);
                    break;
                default:
                    TellWaitEnd(lane, EventCause.FaultedAgain);
                    lanes[left++] = lane;
                    lane.IsReported = false;
                    unreported++;
                    break;
            }
        }

        _faulted.Truncate(left);
        _unreported = unreported;
        _outstanding = 0;
        ReportAgain();
    }

    /// <summary>Reports what is not in the ring, as far as there is room.</summary>
    private void ReportAgain()
    {
        foreach (GpuThread lane in _faulted.Lanes)
        {
            if (!lane.IsReported && !lane.IsLost && !Report(lane))
            {
                break;
            }
        }
    }

    /// <summary>Writes the entry of an access that waits.</summary>
    /// <returns>False when the ring is full, or the uTLB has as many faults outstanding as it can keep: only a replay makes room there.</returns>
    private bool Report(GpuThread lane)
    {
        long getMoves = _faults.Signals.GetMoves;
        if (_outstanding == _faults.OutstandingLimit)
        {
            _seenGetMoves = getMoves;
            _isThrottled = false;
            return false;
        }

        _isThrottled = _sm.ReportsLeft == 0;
        if (_isThrottled)
        {
            return false;
        }

        _sm.ReportsLeft--;
        _sm.InterruptDue = true;
        if (!_faults.TryReport(_launch.Channel.Instance, _sm, lane.Pending, WhenFull.SetOverflow, out ulong timestamp))
        {
            _seenGetMoves = getMoves;
            if (Breaks.OverflowLost)
            {
                lane.IsLost = true;
                _unreported--;
            }

            return false;
        }

        lane.IsReported = true;
        lane.ReportedAt = timestamp;
        _outstanding++;
        _unreported--;
        return true;
    }

    private void OpenBarrier(ResidentBlock block)
    {
        block.AtBarrier = 0;
        int left = 0;
        Span<GpuThread> lanes = _atBarrier.Lanes;
        foreach (GpuThread lane in lanes)
        {
            if (ReferenceEquals(lane.Block, block))
            {
                lane.IsAtBarrier = false;
                Ready(lane, PendingState.Completed);
            }
            else
            {
                lanes[left++] = lane;
            }
        }

        _atBarrier.Truncate(left);
    }

    /// <summary>Takes a thread that ended out of the waiting ones: it had started something that it never awaited.</summary>
    private void Forget(GpuThread lane)
    {
        if (lane.Pending.State == PendingState.Parked && lane.IsAtBarrier)
        {
            lane.Block.AtBarrier--;
            lane.IsAtBarrier = false;
            _atBarrier.Remove(lane);
        }
        else if (lane.Pending.State == PendingState.Parked)
        {
            TellWaitEnd(lane, EventCause.Stopped);
            _unreported -= lane.IsReported || lane.IsLost ? 0 : 1;
            _outstanding -= lane.IsReported ? 1 : 0;
            _faulted.Remove(lane);
        }
        else
        {
            _ready.Remove(lane);
        }
    }
}
