using System.Diagnostics.CodeAnalysis;

namespace GpuSvm.Gpu;

/// <summary>The copy engine of a software GPU.</summary>
/// <remarks>
/// <para>
/// With sequential execution a job is done by who waits for it, no sooner: so bytes that are read without waiting are the old ones, each
/// time. In parallel the engine has a thread of its own.
/// </para>
/// <para>
/// System memory is reached through the IOMMU, where each page is looked up: what is not mapped (any more), or not for writing, fails the job.
/// Locking: a device lock of its own, never held while bytes are moved. Nothing is allocated when warm.
/// </para>
/// </remarks>
public sealed class CopyEngine : ICopyEngine, IDisposable
{
    private readonly RankedLock _lock = new(LockRank.Device);
    private readonly WaitQueue _changed;
    private readonly CopyMover _mover;
    private readonly Queue<CopyJob> _queue = [];
    private readonly Dictionary<long, CopyJob> _jobs = [];
    private readonly Stack<CopyJob> _spare = [];
    private readonly SvmThread? _thread;
    private CopyCounters _counters;
    private long _lastFence;
    private long _passedFence;
    private int _commandsToFailure;
    private bool _isHalted;
    private bool _isStopping;

    internal CopyEngine(Iommu iommu, VideoMemory video, ExecutionMode mode)
    {
        _changed = new WaitQueue(_lock);
        _mover = new CopyMover(iommu, video);
        _thread = mode == ExecutionMode.Parallel ? SvmThread.Start("gpu copy engine", RunThread) : null;
    }

    /// <summary>Where copies are told; null for nowhere.</summary>
    internal EventStream? Events { get; init; }

    /// <inheritdoc/>
    public long PassedFence => SharedWord.Read(ref _passedFence);

    /// <summary>What was done so far.</summary>
    public CopyCounters Counters
    {
        get
        {
            using (_lock.Enter())
            {
                return _counters;
            }
        }
    }

    /// <summary>Has one command fail, as a broken link would.</summary>
    /// <param name="commands">Which: 1 for the next one; 0 for none, if it was said and has not happened.</param>
    public void FailAfter(int commands)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(commands);
        using (_lock.Enter())
        {
            _commandsToFailure = commands;
        }
    }

    /// <summary>The engine begins no job any more, until <see cref="Resume"/>: it does not answer.</summary>
    public void Halt() => SetHalted(halted: true);

    /// <summary>The engine goes on.</summary>
    public void Resume() => SetHalted(halted: false);

    /// <inheritdoc/>
    public long Submit(ReadOnlySpan<CopyCommand> commands)
    {
        foreach (ref readonly CopyCommand command in commands)
        {
            _mover.Require(command);
        }

        long fence;
        using (_lock.Enter())
        {
            ObjectDisposedException.ThrowIf(_isStopping, this);
            CopyJob job = _spare.TryPop(out CopyJob? spare) ? spare : new CopyJob();
            fence = ++_lastFence;
            job.Begin(fence, commands);
            _jobs.Add(fence, job);
            _queue.Enqueue(job);
        }

        _changed.WakeAll();
        return fence;
    }

    /// <inheritdoc/>
    public Errno Wait(long fence, Deadline deadline)
    {
        CopyJob job = Claim(fence);
        while (WaitOrTake(job, deadline) is { } next)
        {
            Run(next);
        }

        return Retire(job);
    }

    /// <summary>Ends what is left of the jobs as given up, and the thread. Nobody waits any more.</summary>
    public void Dispose()
    {
        using (_lock.Enter())
        {
            _isStopping = true;
            _queue.Clear();
        }

        _changed.WakeAll();
        _thread?.Join();
    }

    private void SetHalted(bool halted)
    {
        using (_lock.Enter())
        {
            _isHalted = halted;
        }

        _changed.WakeAll();
    }

    private CopyJob Claim(long fence)
    {
        using (_lock.Enter())
        {
            return _jobs.Remove(fence, out CopyJob? job)
                ? job
                : throw new ArgumentException($"There is no job {fence}, or somebody has waited for it already.", nameof(fence));
        }
    }

    /// <summary>Waits until a job has ended.</summary>
    /// <returns>A job that the caller is to run meanwhile; null when its own has ended.</returns>
    private CopyJob? WaitOrTake(CopyJob job, Deadline deadline)
    {
        using (_lock.Enter())
        {
            while (!job.HasEnded)
            {
                if (_thread is null && TryTake(out CopyJob? next))
                {
                    return next;
                }

                if (!_changed.Wait(deadline) && !job.HasEnded)
                {
                    GiveUp(job);
                }
            }

            return null;
        }
    }

    /// <summary>Sees to it that the engine touches the job's memory no more. Lock held.</summary>
    private void GiveUp(CopyJob job)
    {
        job.Result = Errno.ETIMEDOUT;
        SharedWord.Write(ref job.IsGivenUp, true);
        while (job.IsStarted && !job.HasEnded)
        {
            // The engine looks after each run of pages.
            _changed.Wait(Clock.Monotonic.After(TimeSpan.MaxValue));
        }

        if (!job.IsStarted)
        {
            End(job);
        }
    }

    private Errno Retire(CopyJob job)
    {
        using (_lock.Enter())
        {
            Errno result = job.Result;
            if (job.IsStarted)
            {
                // One that never began may stand in the queue still.
                _spare.Push(job);
            }

            return result;
        }
    }

    private void RunThread()
    {
        while (TryWaitForJob(out CopyJob? job))
        {
            Run(job);
        }
    }

    private bool TryWaitForJob([NotNullWhen(true)] out CopyJob? job)
    {
        using (_lock.Enter())
        {
            while (!TryTake(out job))
            {
                if (_isStopping)
                {
                    return false;
                }

                _changed.Wait(Clock.Monotonic.After(TimeSpan.MaxValue));
            }

            return true;
        }
    }

    /// <summary>Takes the next job that somebody waits for, or may. Lock held.</summary>
    private bool TryTake([NotNullWhen(true)] out CopyJob? job)
    {
        job = null;
        while (!_isHalted && _queue.TryDequeue(out job))
        {
            if (!job.HasEnded)
            {
                job.IsStarted = true;
                return true;
            }
        }

        return false;
    }

    private void Run(CopyJob job)
    {
        Errno error = Errno.None;
        for (int i = 0; i < job.Commands.Count && error == Errno.None; i++)
        {
            CopyCommand command = job.Commands[i];
            Events?.TellCopy(EventPhase.Begin, job.Fence, command);
            error = Fails() ? Errno.EIO : _mover.Move(command, job);
            Events?.TellCopy(EventPhase.End, job.Fence, command);
            if (error == Errno.None)
            {
                using (_lock.Enter())
                {
                    _counters = _counters.Plus(command);
                }
            }
        }

        using (_lock.Enter())
        {
            job.Result = error;
            End(job);
        }

        _changed.WakeAll();
    }

    private bool Fails()
    {
        using (_lock.Enter())
        {
            return _commandsToFailure > 0 && --_commandsToFailure == 0;
        }
    }

    private void End(CopyJob job)
    {
        job.HasEnded = true;
        SharedWord.Write(ref _passedFence, Math.Max(_passedFence, job.Fence));
        _counters = _counters with { Jobs = _counters.Jobs + 1, FailedJobs = _counters.FailedJobs + (job.Result == Errno.None ? 0 : 1) };
    }
}
