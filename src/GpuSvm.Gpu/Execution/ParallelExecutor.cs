namespace GpuSvm.Gpu;

/// <summary>Runs launches on worker threads, each with SMs of its own; launches of different channels at the same time.</summary>
internal sealed class ParallelExecutor : IExecutor
{
    private readonly RankedLock _lock = new(LockRank.Device);
    private readonly FaultUnit _faults;
    private readonly Action<Launch> _retired;
    private readonly WakeEvent[] _wakes;
    private readonly SvmThread[] _threads;
    private readonly List<Launch> _queued = [];
    private Launch[] _active = [];
    private RunningThreads _running;
    private bool _stopping;

    /// <summary>Starts one worker for each runner.</summary>
    /// <param name="runners">The SMs, cut into as many parts as there are workers.</param>
    /// <param name="faults">Makes deadlines.</param>
    /// <param name="retired">Called with no lock held when a launch has ended, before its outcome is published.</param>
    internal ParallelExecutor(SmRunner[] runners, FaultUnit faults, Action<Launch> retired)
    {
        _faults = faults;
        _retired = retired;
        _wakes = [.. runners.Select(_ => new WakeEvent())];
        _threads = [.. runners.Select((runner, i) => SvmThread.Start($"gpu worker {i}", () => Work(runner, _wakes[i])))];
    }

    /// <inheritdoc/>
    public bool OthersExecuteAfterDrop => _running.AnyAfterDrop();

    private Launch[] Active => SharedWord.Read(ref _active);

    private bool IsStopping => SharedWord.Read(ref _stopping);

    /// <inheritdoc/>
    public void Submit(Launch launch)
    {
        bool isLate;
        using (_lock.Enter())
        {
            isLate = _stopping;
            if (isLate)
            {
                Checks.That(launch.IsFinished, "A launch that comes when the workers end was stopped before it began.");
            }
            else if (launch.Channel.Running is null)
            {
                Activate(launch);
            }
            else
            {
                _queued.Add(launch);
            }
        }

        if (isLate)
        {
            _retired(launch);
            launch.Publish();
            return;
        }

        Wake();
    }

    /// <inheritdoc/>
    public void Wake()
    {
        foreach (WakeEvent wake in _wakes)
        {
            wake.Set();
        }
    }

    /// <summary>Ends the workers once no launch is active; all launches are stopped, those included that are still on their way here.</summary>
    public void Dispose()
    {
        using (_lock.Enter())
        {
            SharedWord.Write(ref _stopping, true);
        }

        Wake();
        foreach (SvmThread thread in _threads)
        {
            thread.Join();
        }
    }

    private void Work(SmRunner runner, WakeEvent wake)
    {
        _running.Enter();
        try
        {
            while (true)
            {
                // In this order: nothing is activated any more once the workers are to end.
                bool isStopping = IsStopping;
                Launch[] launches = Active;
                if (isStopping && launches.Length == 0)
                {
                    return;
                }

                bool worked = runner.RunRound(launches);
                RetireFinished(launches);
                if (!worked)
                {
                    Sleep(wake, runner.GiveUpWhenUnserved(launches));
                }
            }
        }
        catch (Exception error)
        {
            // A worker that fails must not leave anyone waiting for its launches; Dispose throws the error once more.
            foreach (Launch launch in Active)
            {
                launch.Abandon(error);
            }

            throw;
        }
        finally
        {
            _running.Leave();
        }
    }

    /// <summary>Sleeps until something changes. A sleeping worker has no access in flight, so flushes need not reach it.</summary>
    private void Sleep(WakeEvent wake, bool isWaitingForFaults)
    {
        _running.Leave();
        if (isWaitingForFaults)
        {
            wake.Wait(_faults.NewDeadline());
        }
        else
        {
            wake.Wait();
        }

        _running.Enter();
    }

    private void RetireFinished(Launch[] launches)
    {
        foreach (Launch launch in launches)
        {
            if (launch.IsFinished && TryRetire(launch))
            {
                Wake();
                _retired(launch);
                launch.Publish();
            }
        }
    }

    /// <summary>Takes a launch out of the active ones, and lets the next of its channel in.</summary>
    private bool TryRetire(Launch launch)
    {
        using (_lock.Enter())
        {
            if (Array.IndexOf(_active, launch) < 0)
            {
                return false;
            }

            SharedWord.Write(ref _active, [.. _active.Where(other => other != launch)]);
            launch.Channel.SetRunning(null);
            int next = _queued.FindIndex(other => other.Channel == launch.Channel);
            if (next >= 0)
            {
                Activate(_queued[next]);
                _queued.RemoveAt(next);
            }

            return true;
        }
    }

    private void Activate(Launch launch)
    {
        launch.Channel.SetRunning(launch);
        SharedWord.Write(ref _active, [.. _active, launch]);
    }
}
