namespace GpuSvm.Core;

/// <summary>One thread that runs work items in the order they were queued; an item that waits already is not queued twice.</summary>
/// <remarks>Source: the semantics of Linux workqueues (queue_work, flush_workqueue), for a queue with one worker.</remarks>
public sealed class WorkQueue : IDisposable
{
    private readonly RankedLock _lock = new(LockRank.Telemetry);
    private readonly WaitQueue _changed;
    private readonly Queue<WorkItem> _items = new();
    private readonly SvmThread _worker;
    private long _queued;
    private long _finished;
    private bool _stopping;

    /// <summary>Starts the queue's thread.</summary>
    /// <param name="name">The thread's name.</param>
    public WorkQueue(string name)
    {
        _changed = new WaitQueue(_lock);
        _worker = SvmThread.Start(name, Run);
    }

    /// <summary>Queues an item.</summary>
    /// <returns>False when the item waits in the queue already; it will still run after this call.</returns>
    /// <exception cref="ObjectDisposedException">The queue is disposed.</exception>
    public bool Enqueue(WorkItem item)
    {
        ArgumentNullException.ThrowIfNull(item);
        using (_lock.Enter())
        {
            ObjectDisposedException.ThrowIf(_stopping, this);
            if (item.IsQueued)
            {
                return false;
            }

            item.IsQueued = true;
            _queued++;
            _items.Enqueue(item);
        }

        _changed.WakeAll();
        return true;
    }

    /// <summary>Waits until everything queued before the call has run.</summary>
    /// <param name="deadline">The moment after which waiting ends.</param>
    /// <returns>False when the deadline passed first.</returns>
    /// <remarks>Never from a work item of this queue.</remarks>
    public bool Flush(Deadline deadline)
    {
        Checks.That(!_worker.IsCurrent, "A work item must not flush its own queue.");
        using (_lock.Enter())
        {
            long target = _queued;
            while (_finished < target)
            {
                if (!_changed.Wait(deadline) && _finished < target)
                {
                    return false;
                }
            }

            return true;
        }
    }

    /// <summary>Runs what is queued, then ends the thread; throws what an item threw.</summary>
    public void Dispose()
    {
        using (_lock.Enter())
        {
            if (_stopping)
            {
                return;
            }

            _stopping = true;
        }

        _changed.WakeAll();
        _worker.Join();
    }

    private void Run()
    {
        while (TryTake(out WorkItem? item))
        {
            item.Action();
            using (_lock.Enter())
            {
                _finished++;
            }

            _changed.WakeAll();
        }
    }

    private bool TryTake([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out WorkItem? item)
    {
        using (_lock.Enter())
        {
            while (!_items.TryDequeue(out item))
            {
                if (_stopping)
                {
                    return false;
                }

                _changed.Wait(Clock.Monotonic.After(TimeSpan.FromMinutes(1)));
            }

            item.IsQueued = false;
            return true;
        }
    }
}
