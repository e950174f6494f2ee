namespace GpuSvm.Gpu;

/// <summary>A launch's part on one SM: its blocks, the threads that can go on and those that wait. One thread at a time.</summary>
internal sealed partial class LaunchSlice
{
    private readonly Launch _launch;
    private readonly Sm _sm;
    private readonly FaultUnit _faults;
    private readonly Stack<ResidentBlock> _free = new();
    private LaneList _ready = new();

    /// <summary>The pools of boxes for the state machines of this launch on this SM.</summary>
    internal BoxPool? Boxes;

    internal LaunchSlice(Launch launch, Sm sm)
    {
        _launch = launch;
        _sm = sm;
        Port = launch.Channel.Ports[sm.Index];
        _faults = Port.Faults;
    }

    internal SmPort Port { get; }

    internal bool IsStopped => _launch.IsStopped;

    internal InstancePointer Instance => _launch.Channel.Instance;

    /// <summary>Does one piece of work: starts a block, looks after waiting threads, lets one thread run.</summary>
    /// <returns>False when there was nothing to do.</returns>
    internal bool Step()
    {
        bool worked = TryStartBlock();
        worked |= LookAfterWaiting();
        if (_ready.Count == 0)
        {
            return worked;
        }

        GpuThread lane = _ready.TakeRandom(_sm.Random);
        _sm.Turns++;
        SharedWord.Write(ref _sm.Running, lane);
        Run(lane);
        SharedWord.Write(ref _sm.Running, null);
        return true;
    }

    internal GpuAccessException StopException() => new(_launch.StopReason!.Report);

    /// <summary>Makes a waiting thread go on with what became of its wait.</summary>
    internal void Ready(GpuThread lane, PendingState state)
    {
        lane.Pending.State = state;
        _ready.Add(lane);
    }

    private bool TryStartBlock()
    {
        int warps = _launch.WarpsPerBlock;
        if (_sm.FreeWarps < warps || !_launch.TryTakeBlock(out int index))
        {
            return false;
        }

        _sm.FreeWarps -= warps;
        if (!_free.TryPop(out ResidentBlock? block))
        {
            block = new ResidentBlock(this, _launch.Block, _launch.Grid);
        }

        block.Running = block.Lanes.Length;
        block.AtBarrier = 0;
        foreach (GpuThread lane in block.Lanes)
        {
            lane.Prepare(index);
            _ready.Add(lane);
        }

        return true;
    }

    private void Run(GpuThread lane)
    {
        try
        {
            if (lane.IsStarted)
            {
                lane.Resume();
            }
            else if (!_launch.IsStopped)
            {
                lane.Start(_launch);
            }
            else
            {
                End(lane, null);
                return;
            }
        }
        catch (Exception exception)
        {
            // A kernel that is no async method, or one that fails while it starts.
            End(lane, exception);
            return;
        }

        if (lane.HasEnded)
        {
            End(lane, lane.TakeFailure());
        }
        else if (lane.Waiter is null)
        {
            End(lane, LaneErrors.WaitsForOther());
        }
    }

    private void End(GpuThread lane, Exception? failure)
    {
        if (lane.Pending.State != PendingState.None)
        {
            Forget(lane);
            failure ??= LaneErrors.NeverAwaited();
        }

        // A stopped launch ends its threads with exceptions: only the first reason counts, and TryStop keeps it.
        if (failure is not null)
        {
            _launch.TryStop(LaunchStop.Threw(failure));
        }

        ResidentBlock block = lane.Block;
        block.Running--;
        if (block.Running == 0)
        {
            _free.Push(block);
            _sm.FreeWarps += _launch.WarpsPerBlock;
            _launch.FinishBlock();
        }
        else if (block.IsBarrierBroken)
        {
            _launch.TryStop(LaunchStop.Threw(LaneErrors.BrokenBarrier(block.Lanes.Length - block.Running, block.AtBarrier)));
        }
    }
}
