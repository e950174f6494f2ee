namespace GpuSvm.Live;

/// <summary>What a userfaultfd has told and nobody has acted on yet, in order.</summary>
/// <remarks>
/// Reading takes this queue's lock and no other, so whoever is held up by an unread event can read it, whatever else it holds: a process
/// that unmaps goes on as soon as its event is read. Thread-safe.
/// <para>
/// Once a discard's event is read the process takes its entries away, writes the new pages and counts on them, all before the event is
/// acted on. A fault from before, answered in between, would enter the old page, and acting on the event would then lose what was written
/// there. So nothing is entered while a discard of it waits; and no event is read while something is entered (<see cref="Continue"/>).
/// The same holds where mappings go or move: what is there by now is another page than the address space believes.
/// </para>
/// <para>
/// What is to be taken from the process has to be taken where it is by now, and from children that nobody knows yet, too:
/// <see cref="OtherPlaces"/>.
/// </para>
/// </remarks>
internal sealed partial class MessageQueue
{
    private const int MostAtOnce = 64;

    private readonly Userfaultfd _userfaultfd;
    private readonly RankedLock _lock = new(LockRank.Device);
    private readonly WaitQueue _changed;
    private readonly Queue<UffdMessage> _waiting = new();
    private readonly Queue<MappingChange> _changes = new();
    private readonly UffdMessage[] _buffer = new UffdMessage[MostAtOnce];
    private long _changesRead;
    private long _queued;
    private long _finished;
    private long _given;
    private long _served;
    private int _drains;
    private bool _closed;

    /// <summary>Makes the queue of a userfaultfd.</summary>
    public MessageQueue(Userfaultfd userfaultfd)
    {
        _userfaultfd = userfaultfd;
        _changed = new WaitQueue(_lock);
    }

    /// <summary>Where the messages come from.</summary>
    public Userfaultfd Userfaultfd => _userfaultfd;

    /// <summary>Number of changes of the process's mappings that were read so far.</summary>
    public long ChangesRead => SharedWord.Read(ref _changesRead);

    /// <summary>Messages of the child that was forked, while the message that tells of it is acted on.</summary>
    public MessageQueue? ForkedChild
    {
        get
        {
            using (_lock.Enter())
            {
                return _changes.Peek().Child;
            }
        }
    }

    /// <summary>Reads everything that is there into the queue.</summary>
    public void Read()
    {
        bool any = false;
        using (_lock.Enter())
        {
            AnswerReader();
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

    /// <summary>
    /// Reads what is there. Faults alone, with nothing waiting before them, are the caller's, who calls <see cref="FinishFaults"/> then; else
    /// all is queued.
    /// </summary>
    /// <param name="faults">Where to; at most as many as this are read.</param>
    /// <returns>Number of faults that the caller must see to.</returns>
    public int ReadFaults(Span<UffdMessage> faults)
    {
        using (_lock.Enter())
        {
            int count = _userfaultfd.Read(faults);
            if (_finished == _queued && !IsRead && AreFaults(faults[..count]))
            {
                _given += count;
                return count;
            }

            Enqueue(faults[..count]);
        }

        _changed.WakeAll();
        return 0;
    }

    /// <summary>Enters pages as <see cref="Userfaultfd.Continue"/> does, unless a change of them waits.</summary>
    /// <returns>EAGAIN too while a change of one of the pages was read and not yet acted on.</returns>
    public Errno Continue(AddressRange range, ContinueMode mode, out ulong doneBytes)
    {
        using (_lock.Enter())
        {
            doneBytes = 0;
            return IsChanging(range) ? Errno.EAGAIN : _userfaultfd.Continue(range, mode, out doneBytes);
        }
    }

    /// <summary>Lifts the write protection as <see cref="Userfaultfd.Unprotect"/> does, unless a change of the pages waits.</summary>
    /// <returns>EAGAIN too while a change of one of the pages was read and not yet acted on.</returns>
    public Errno Unprotect(AddressRange range)
    {
        using (_lock.Enter())
        {
            return IsChanging(range) ? Errno.EAGAIN : _userfaultfd.Unprotect(range);
        }
    }

    /// <summary>Where else the pages of a range may be, by changes that were read and not yet acted on: moved, or in a child, too.</summary>
    /// <returns>Each with the messages of the process that has it there.</returns>
    public IReadOnlyList<(MessageQueue Process, AddressRange Range)> OtherPlaces(AddressRange range)
    {
        using (_lock.Enter())
        {
            if (_changes.Count == 0)
            {
                return [];
            }

            List<AddressRange> own = [range];
            List<(MessageQueue Process, AddressRange Range)> places = [];
            foreach (MappingChange change in _changes)
            {
                if (change.Child is { } child && !Breaks.ForkedPageUnprotected)
                {
                    own.ForEach(part => places.Add((child, part)));
                }
                else if (change.Message.Event == UffdEvent.Remap && !Breaks.MovedPageUnprotected)
                {
                    own.AddRange([.. own.Select(change.Moved).Where(part => !part.IsEmpty)]);
                }
            }

            places.AddRange(own.Skip(1).Select(part => (this, part)));
            return places;
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

    private bool IsChanging(AddressRange range)
    {
        if (_own.Touches(range))
        {
            return true;
        }

        foreach (MappingChange change in _changes)
        {
            if (change.Touches(range))
            {
                return true;
            }
        }

        return false;
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
            if (_own.TryKeep(message))
            {
                continue;
            }

            if (IsOfReader(message))
            {
                _asked = message.Address;
                AnswerReader();
                _finished++;
                continue;
            }

            _waiting.Enqueue(message);
            if (message.Event != UffdEvent.PageFault)
            {
                _changes.Enqueue(MappingChange.Of(message));
                SharedWord.Write(ref _changesRead, _changesRead + 1);
            }
        }

        _queued += messages.Length;
    }
}
