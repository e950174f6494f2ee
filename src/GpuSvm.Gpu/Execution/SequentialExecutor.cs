namespace GpuSvm.Gpu;

/// <summary>Runs launches on the calling thread, one at a time, in an order that follows from the seed.</summary>
internal sealed class SequentialExecutor : IExecutor
{
    /// <summary>A thread that yields for ever waits for one whose fault is not served: it must not keep the interrupt back.</summary>
    private const int RoundsPerInterrupt = 4096;

    /// <summary>How often the interrupt is raised again for entries that the driver left, before it is waited for.</summary>
    private const int IdleInterrupts = 16;

    private static readonly TimeSpan TurnSlice = TimeSpan.FromSeconds(10);

    private readonly RankedLock _lock = new(LockRank.Device);
    private readonly WakeEvent _wake = new();
    private readonly WaitQueue _turnEnded;
    private readonly SmRunner _runner;
    private readonly FaultBuffer _buffer;
    private readonly FaultUnit _faults;
    private readonly Action _deliver;
    private readonly Action<Launch> _retired;
    private int _runnerId;

    /// <summary>Makes an executor.</summary>
    /// <param name="runner">All SMs.</param>
    /// <param name="buffer">The ring: a full one raises the interrupt at once.</param>
    /// <param name="faults">Makes deadlines.</param>
    /// <param name="deliver">Raises the fault interrupt.</param>
    /// <param name="retired">Called with no lock held when a launch has ended, before its outcome is published.</param>
    internal SequentialExecutor(SmRunner runner, FaultBuffer buffer, FaultUnit faults, Action deliver, Action<Launch> retired)
    {
        _turnEnded = new WaitQueue(_lock);
        _runner = runner;
        _buffer = buffer;
        _faults = faults;
        _deliver = deliver;
        _retired = retired;
    }

    /// <inheritdoc/>
    public bool OthersExecuteAfterDrop
    {
        get
        {
            Interlocked.MemoryBarrier();
            int id = SharedWord.Read(ref _runnerId);
            return id != 0 && id != SvmThread.CurrentId;
        }
    }

    /// <inheritdoc/>
    public void Submit(Launch launch)
    {
        TakeTurn();
        try
        {
            launch.Channel.SetRunning(launch);
            RunToEnd(launch);
        }
        finally
        {
            launch.Channel.SetRunning(null);
            EndTurn();
        }

        _retired(launch);
        launch.Publish();
    }

    /// <inheritdoc/>
    /// <remarks>Nothing to do on the thread that executes: it looks again before it sleeps.</remarks>
    public void Wake()
    {
        if (SharedWord.Read(ref _runnerId) != SvmThread.CurrentId)
        {
            _wake.Set();
        }
    }

    /// <summary>Waits until no launch runs; all are stopped and none comes.</summary>
    public void Dispose()
    {
        TakeTurn();
        EndTurn();
    }

    private void TakeTurn()
    {
        int self = SvmThread.CurrentId;
        if (SharedWord.Read(ref _runnerId) == self)
        {
            throw new InvalidOperationException("A sequential GPU is used by its own fault interrupt: launch and dispose outside of it.");
        }

        using (_lock.Enter())
        {
            while (_runnerId != 0)
            {
                _turnEnded.Wait(Clock.Monotonic.After(TurnSlice));
            }

            // A full fence: accesses of this turn see what a flush dropped before, or the flush sees this turn.
            SharedWord.Exchange(ref _runnerId, self);
        }
    }

    private void EndTurn()
    {
        using (_lock.Enter())
        {
            SharedWord.Write(ref _runnerId, 0);
            _turnEnded.WakeAll();
        }
    }

    private void RunToEnd(Launch launch)
    {
        Launch[] launches = [launch];
        bool interruptDue = false;
        int roundsDue = 0;
        int idle = 0;
        while (!launch.IsFinished)
        {
            bool worked = _runner.RunRound(launches);
            interruptDue |= _runner.TakeInterrupt();
            idle = worked ? 0 : idle + 1;
            roundsDue = interruptDue ? roundsDue + 1 : 0;
            if (worked && !(interruptDue && (_buffer.Overflow || roundsDue >= RoundsPerInterrupt)))
            {
                continue;
            }

            if (interruptDue || (_buffer.Get != _buffer.Put && idle <= IdleInterrupts))
            {
                interruptDue = false;
                _deliver();
            }
            else if (!launch.IsFinished)
            {
                WaitForService(launches);
            }
        }
    }

    private void WaitForService(Launch[] launches)
    {
        if (_runner.GiveUpWhenUnserved(launches))
        {
            _wake.Wait(_faults.NewDeadline());
        }
        else
        {
            Checks.That(launches[0].IsStopped, "A launch that is not finished has a thread that can go on or that waits for a fault.");

            // Who stops it has said so, and is about to take the blocks that never started off the count.
            default(Spin).Once();
        }
    }
}
