namespace GpuSvm.Live;

/// <summary>What a userfaultfd has told and nobody has acted on yet, in order.</summary>
/// <remarks>
/// Reading takes this queue's lock and no other, so whoever is held up by an unread event can read it, whatever else it holds: a process
/// that unmaps goes on as soon as its event is read. Thread-safe.
/// <para>
/// Once a discard's event is read the process takes its entries away, writes the new pages and counts on them, all before the event is
/// acted on. A fault from before, answered in between, would enter the old page, and acting on the event would then lose what was written
/// there. So nothing is entered while a discard of it waits; and no event is read while something is entered (<see cref="Continue"/>).
/// </para>
/// </remarks>
internal sealed class MessageQueue
{
    private const int MostAtOnce = 64;

    private readonly Userfaultfd _userfaultfd;
    private readonly RankedLock _lock = new(LockRank.Device);
    private readonly WaitQueue _changed;
    private readonly Queue<UffdMessage> _waiting = new();
    private readonly Queue<UffdMessage> _discards = new();
    private readonly UffdMessage[] _buffer = new UffdMessage[MostAtOnce];
    private long _queued;
    private long _finished;
    private bool _closed;

    /// <summary>Makes the queue of a userfaultfd.</summary>
    public MessageQueue(Userfaultfd userfaultfd)
    {
        _userfaultfd = userfaultfd;
        _changed = new WaitQueue(_lock);
    }

    /// <summary>Reads everything that is there into the queue.</summary>
    public void Read()
    {
        bool any = false;
        using (_lock.Enter())
        {
            for (int count = MostAtOnce; count == MostAtOnce;)
            {
                count = _userfaultfd.Read(_buffer);
                any |= count > 0;
                Enqueue(_buffer.AsSpan(0, count));
            }
        }

        if (any)
        {
            _changed.WakeAll();
        }
    }

    /// <summary>Reads what is there. Faults alone, with nothing waiting before them, are the caller's; else all is queued.</summary>
    /// <param name="faults">Where to; at most as many as this are read.</param>
    /// <returns>Number of faults that the caller must see to.</returns>
    public int ReadFaults(Span<UffdMessage> faults)
    {
        using (_lock.Enter())
        {
            int count = _userfaultfd.Read(faults);
            if (_finished == _queued && AreFaults(faults[..count]))
            {
                return count;
            }

            Enqueue(faults[..count]);
        }

        _changed.WakeAll();
        return 0;
    }

    /// <summary>Enters pages as <see cref="Userfaultfd.Continue"/> does, unless they are about to be discarded.</summary>
    /// <returns>EAGAIN too while a discard of one of the pages was read and not yet acted on.</returns>
    public Errno Continue(AddressRange range, ContinueMode mode, out ulong doneBytes)
    {
        using (_lock.Enter())
        {
            foreach (UffdMessage discard in _discards)
            {
                if (new AddressRange(discard.Start, discard.End).Overlaps(range))
                {
                    doneBytes = 0;
                    return Errno.EAGAIN;
                }
            }

            return _userfaultfd.Continue(range, mode, out doneBytes);
        }
    }

    /// <summary>Queues one message again.</summary>
    public void Add(in UffdMessage message)
    {
        using (_lock.Enter())
        {
            Enqueue([message]);
        }

        _changed.WakeAll();
    }

    /// <summary>Takes the next message.</summary>
    /// <param name="deadline">How long to wait for one.</param>
    /// <param name="message">The message, if there is one.</param>
    /// <returns>False when none came in time.</returns>
    public bool TryTake(Deadline deadline, out UffdMessage message)
    {
        using (_lock.Enter())
        {
            while (!_waiting.TryDequeue(out message))
            {
                if (_closed || !_changed.Wait(deadline))
                {
                    return false;
                }
            }

            return true;
        }
    }

    /// <summary>Counts a message that was taken as acted on.</summary>
    public void Finish(in UffdMessage message)
    {
        using (_lock.Enter())
        {
            _finished++;
            if (message.Event == UffdEvent.Remove)
            {
                // Acted on in order, so it is the first.
                _discards.Dequeue();
            }
        }

        _changed.WakeAll();
    }

    /// <summary>Reads what is there and waits until all of it has been acted on.</summary>
    /// <returns>False when the deadline passed first.</returns>
    public bool Drain(Deadline deadline)
    {
        Read();
        using (_lock.Enter())
        {
            long target = _queued;
            while (_finished < target && !_closed)
            {
                if (!_changed.Wait(deadline) && _finished < target)
                {
                    return false;
                }
            }

            return true;
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

    private static bool AreFaults(ReadOnlySpan<UffdMessage> messages)
    {
        foreach (ref readonly UffdMessage message in messages)
        {
            if (message.Event != UffdEvent.PageFault)
            {
                return false;
            }
        }

        return true;
    }

    private void Enqueue(ReadOnlySpan<UffdMessage> messages)
    {
        foreach (ref readonly UffdMessage message in messages)
        {
            _waiting.Enqueue(message);
            if (message.Event == UffdEvent.Remove)
            {
                _discards.Enqueue(message);
            }
        }

        _queued += messages.Length;
    }
}
