using System.Diagnostics.CodeAnalysis;

namespace GpuSvm.Core;

/// <summary>One thread that runs work items in the order they were queued; an item that waits already is not queued twice.</summary>
/// <remarks>
/// An item that throws stops no other item; <see cref="Dispose"/> throws what the first one threw.
/// Source: the semantics of Linux workqueues (queue_work, flush_workqueue), for a queue with one worker.
/// </remarks>
public sealed class WorkQueue : IDisposable
{
    private readonly RankedLock _lock = new(LockRank.Telemetry);
    private readonly WaitQueue _changed;
    private readonly Queue<WorkItem> _items = new();
    private readonly SvmThread _worker;
    private long _queued;
    private long _finished;
    private long _failed;
    private Exception? _firstFailure;
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
        bool isQueued = TryEnqueue(item, out bool isStopping);
        ObjectDisposedException.ThrowIf(isStopping, this);
        return isQueued;
    }

    /// <summary>Queues an item unless the queue ends: for those who cannot know whether it does, such as interrupts.</summary>
    /// <returns>False when the item waits in the queue already and will still run after this call, or when the queue is disposed of.</returns>
    public bool TryEnqueue(WorkItem item) => TryEnqueue(item, out _);

    /// <summary>Waits until everything queued before the call has run.</summary>
    /// <param name="deadline">The moment after which waiting ends.</param>
    /// <returns>False when the deadline passed first. An item that threw counts as run.</returns>
    /// <remarks>Never from a work item of this queue, and never with a lock held that an item takes.</remarks>
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

    /// <summary>Runs what is queued, then ends the thread. Never from a work item of this queue.</summary>
    /// <exception cref="AggregateException">Items threw; the inner exception is that of the first.</exception>
    public void Dispose()
    {
        Checks.That(!_worker.IsCurrent, "A work item must not dispose its own queue.");
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
        if (_firstFailure is { } failure)
        {
            throw new AggregateException($"{_failed} work items ended with an exception; this is the first.", failure);
        }
    }

    private bool TryEnqueue(WorkItem item, out bool isStopping)
    {
        ArgumentNullException.ThrowIfNull(item);
        using (_lock.Enter())
        {
            isStopping = _stopping;
            if (isStopping || item.IsQueued)
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

    private void Run()
    {
        while (TryTake(out WorkItem? item))
        {
            Exception? failure = RunItem(item);
            using (_lock.Enter())
            {
                _finished++;
                _failed += failure is null ? 0 : 1;
                _firstFailure ??= failure;
            }

            _changed.WakeAll();
        }
    }

    private static Exception? RunItem(WorkItem item)
    {
        try
        {
            item.Action();
            Checks.That(HeldLocks.Count == 0, "A work item ends without holding a lock.");
            return null;
        }
        catch (Exception failure)
        {
            return failure;
        }
    }

    private bool TryTake([NotNullWhen(true)] out WorkItem? item)
    {
        using (_lock.Enter())
        {
            while (!_items.TryDequeue(out item))
            {
                if (_stopping)
                {
                    return false;
                }

                _changed.Wait(Clock.Monotonic.After(TimeSpan.MaxValue));
            }

            item.IsQueued = false;
            return true;
        }
    }
}
