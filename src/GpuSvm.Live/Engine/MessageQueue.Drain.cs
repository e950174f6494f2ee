namespace GpuSvm.Live;

/// <content>What was acted on, and those who wait until all is.</content>
internal sealed partial class MessageQueue
{
    /// <summary>Counts a message that was taken as acted on.</summary>
    public void Finish(in UffdMessage message)
    {
        using (_lock.Enter())
        {
            _finished++;
            if (message.Event != UffdEvent.PageFault)
            {
                // Acted on in order, so it is the first.
                _changes.Dequeue();
            }
        }

        _changed.WakeAll();
    }

    /// <summary>Counts faults that <see cref="ReadFaults"/> gave as served, or queued.</summary>
    public void FinishFaults(int count)
    {
        bool isAwaited;
        using (_lock.Enter())
        {
            _served += count;
            isAwaited = _drains > 0;
        }

        // Else the event worker would be woken for nothing, at each fault.
        if (isAwaited)
        {
            _changed.WakeAll();
        }
    }

    /// <summary>Reads what is there and waits until all of it has been acted on.</summary>
    /// <returns>False when the deadline passed first.</returns>
    public bool Drain(Deadline deadline)
    {
        Read();
        using (_lock.Enter())
        {
            _drains++;

            // What the faults in hand come to may be queued by then; and what is kept back, behind messages that came later.
            bool isDone = Await(_given, ref _served, deadline)
                && Await(_own.IsKeeping ? _ownEnded + 1 : 0, ref _ownEnded, deadline)
                && Await(_queued, ref _finished, deadline);
            _drains--;
            return isDone;
        }
    }

    /// <summary>Lets nobody wait any more.</summary>
    public void Close()
    {
        using (_lock.Enter())
        {
            _closed = true;
        }

        _changed.WakeAll();
    }

    private bool Await(long target, ref long count, Deadline deadline)
    {
        while (count < target && !_closed)
        {
            if (!_changed.Wait(deadline) && count < target)
            {
                return false;
            }
        }

        return true;
    }
}
