namespace GpuSvm.Live;

/// <summary>Acts on what a live process did to its mappings, and on faults not served on the spot: in order, one at a time.</summary>
internal sealed class EventWorker : IDisposable
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(1);

    /// <summary>How often it is looked whether a child has ended, which no event tells.</summary>
    private static readonly TimeSpan LookPause = TimeSpan.FromMilliseconds(500);

    private readonly LiveProcess _process;
    private readonly Userfaultfd _userfaultfd;
    private readonly MessageQueue _messages;
    private readonly AddressSpace _mm;
    private readonly MappingFollower _follower;
    private readonly IEventObserver _observer;
    private readonly List<DeferredFault> _deferred = [];
    private readonly SvmThread _thread;
    private bool _stopping;

    /// <summary>Starts to act.</summary>
    /// <param name="process">The process.</param>
    /// <param name="observer">Hears of what cannot be decided here.</param>
    public EventWorker(LiveProcess process, IEventObserver observer)
    {
        _process = process;
        _userfaultfd = process.Userfaultfd;
        _messages = process.Messages;
        _mm = process.Mm;
        _follower = new MappingFollower(process);
        _observer = observer;
        _thread = SvmThread.Start("userfault events", Run);
    }

    /// <summary>Ends, without acting on what is still queued.</summary>
    public void Dispose()
    {
        SharedWord.Write(ref _stopping, true);
        _messages.Close();
        _thread.Join();
    }

    private void Run()
    {
        try
        {
            Work();
        }
        catch (Exception failure)
        {
            _observer.OnFailed(failure);
        }
    }

    private void Work()
    {
        while (!SharedWord.Read(ref _stopping))
        {
            TimeSpan patience = _deferred.Count > 0 ? RetryPause : _process.IsChild ? LookPause : TimeSpan.MaxValue;
            if (_messages.TryTake(Clock.Monotonic.After(patience), out UffdMessage message))
            {
                Act(message);
                _messages.Finish(message);
            }
            else if (_process.IsChild && _process.HasEnded)
            {
                _observer.OnEnded();
            }

            RetryDeferred();
        }
    }

    private void Act(in UffdMessage message)
    {
        switch (message.Event)
        {
            case UffdEvent.PageFault:
                _process.Learn(message.ThreadId);
                Serve(DeferredFault.Of(message.Address, FaultPump.AccessOf(message)));
                break;

            case UffdEvent.Unmap:
                // Other memory may be there by now, from which nothing must be taken.
                _process.Cpu?.Adopted.Forget(new AddressRange(message.Start, message.End));
                _follower.Unmapped(new AddressRange(message.Start, message.End));
                _observer.OnUnmapped();
                break;

            case UffdEvent.Remap when _process.Cpu?.Adopted.Overlaps(AddressRange.FromLength(message.From, message.Length)) == true:
                _observer.OnUnexpected(message);
                break;

            case UffdEvent.Remap:
                _follower.Moved(AddressRange.FromLength(message.From, message.Length), message.To);
                _observer.OnUnmapped();
                break;

            case UffdEvent.Remove:
                Discard(new AddressRange(message.Start, message.End));
                break;

            case UffdEvent.Fork:
                Fork(message);
                break;

            default:
                _observer.OnUnexpected(message);
                break;
        }
    }

    /// <summary>Gives up the bytes of a range, as far as it is still mapped.</summary>
    private void Discard(AddressRange range) => _process.Family.Discard(_process, range);

    private void Fork(in UffdMessage message)
    {
        MessageQueue messages = _messages.ForkedChild!;
        Errno error = _process.TryFork(messages, _observer, out LiveProcess? child);
        if (error == Errno.None)
        {
            // The child's copy of private memory is the child's alone; what is on the GPU it has no copy of.
            _process.Cpu?.GiveForked(messages, _mm);
            _observer.OnForked(_process, child!);
        }
        else
        {
            _observer.OnUnexpected(message);
        }
    }

    private void Serve(DeferredFault fault)
    {
        Errno error = Ask(fault, out Deadline until);
        if (error == Errno.EFAULT && _follower.TryTakeOver(fault.Address, fault.Access))
        {
            error = Ask(fault, out until);
        }

        if (error == Errno.EAGAIN && !fault.Deadline.HasPassed)
        {
            _deferred.Add(fault with { NotBefore = until });
        }
        else if (error != Errno.None)
        {
            Refuse(fault, error);
        }
    }

    /// <summary>Asks the address space once; never waits until a page may leave the GPU.</summary>
    private Errno Ask(DeferredFault fault, out Deadline until)
    {
        if (!fault.Patience.HasPassed)
        {
            return _mm.HandleFaultOrDefer(fault.Address, fault.Access, out until);
        }

        until = default;
        using (_mm.MmapLock.EnterShared())
        {
            return _mm.HandleFaultLocked(fault.Address, fault.Access);
        }
    }

    /// <summary>Asks again for the faults that were put off; those that are put off once more stay in the list.</summary>
    private void RetryDeferred()
    {
        for (int count = _deferred.Count; count > 0; count--)
        {
            DeferredFault fault = _deferred[0];
            _deferred.RemoveAt(0);
            if (fault.NotBefore.Or(fault.Patience).HasPassed)
            {
                Serve(fault);
            }
            else
            {
                _deferred.Add(fault);
            }
        }
    }

    /// <summary>Ends an access that cannot be served: it gets SIGBUS, unless its mapping is gone, which the kernel finds itself.</summary>
    private void Refuse(DeferredFault fault, Errno error)
    {
        AddressRange page = AddressRange.PageAt(fault.Address);
        _messages.Read();
        switch (Poison(fault, page))
        {
            case Errno.None:
                _observer.OnRefused(fault, error == Errno.EAGAIN ? Errno.ETIMEDOUT : error);
                break;

            case Errno.EAGAIN:
                // The process is inside a call that changes its mappings, which nothing here can hasten.
                _deferred.Add(DeferredFault.Of(fault.Address, fault.Access));
                return;

            case Errno.EPERM:
                _observer.OnUnservable(fault, error);
                return;

            default:
                break;
        }

        _userfaultfd.Wake(page);
    }

    /// <summary>Poisons a page that the address space has not.</summary>
    /// <returns>
    /// EEXIST when the fault is served by now, or the page is poisoned already; ENOENT when nothing is mapped there; EPERM when the page is
    /// there, and the access refused all the same.
    /// </returns>
    private Errno Poison(DeferredFault fault, AddressRange page)
    {
        // Exclusive: nobody enters a page or a buffer meanwhile. What was missing a moment ago may be there by now.
        using (_mm.MmapLock.EnterExclusive())
        {
            if (_mm.HandleFaultLocked(fault.Address, fault.Access) == Errno.None)
            {
                return Errno.EEXIST;
            }

            Errno error = _userfaultfd.Poison(page);
            if (error != Errno.EEXIST)
            {
                return error;
            }

            if (_mm.PageTable.Read(page.Start).HasFrame)
            {
                return Errno.EPERM;
            }

            // Without a page the kernel has but the mark of a write protection, which survives a hole and keeps poison out.
            _userfaultfd.Unprotect(page);
            return _userfaultfd.Poison(page);
        }
    }
}
