namespace GpuSvm.Live;

/// <summary>Acts on what a live process did to its mappings, and on faults that could not be served on the spot: in order, one at a time.</summary>
internal sealed class EventWorker : IDisposable
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(1);

    private readonly Userfaultfd _userfaultfd;
    private readonly MessageQueue _messages;
    private readonly AddressSpace _mm;
    private readonly IEventObserver _observer;
    private readonly List<DeferredFault> _deferred = [];
    private readonly SvmThread _thread;
    private bool _stopping;

    /// <summary>Starts to act.</summary>
    public EventWorker(Userfaultfd userfaultfd, MessageQueue messages, AddressSpace mm, IEventObserver observer)
    {
        _userfaultfd = userfaultfd;
        _messages = messages;
        _mm = mm;
        _observer = observer;
        _thread = SvmThread.Start("userfault events", Run);
    }

    /// <summary>Ends, without acting on what is still queued.</summary>
    public void Dispose()
    {
        Volatile.Write(ref _stopping, true);
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
        while (!Volatile.Read(ref _stopping))
        {
            TimeSpan patience = _deferred.Count > 0 ? RetryPause : TimeSpan.MaxValue;
            if (_messages.TryTake(Clock.Monotonic.After(patience), out UffdMessage message))
            {
                Act(message);
                _messages.Finish(message);
            }

            RetryDeferred();
        }
    }

    private void Act(in UffdMessage message)
    {
        switch (message.Event)
        {
            case UffdEvent.PageFault:
                Serve(new DeferredFault(message.Address, FaultPump.AccessOf(message), Clock.Monotonic.After(Deadline.Default)));
                break;

            case UffdEvent.Unmap:
                Unmap(new AddressRange(message.Start, message.End));
                break;

            case UffdEvent.Remove:
                // What the kernel names may have been unmapped since; then an event behind this one says so.
                _mm.Discard(message.Start, message.End - message.Start);
                break;

            default:
                _observer.OnUnexpected(message);
                break;
        }
    }

    private void Unmap(AddressRange range)
    {
        Errno error = _mm.Unmap(range.Start, range.Length);
        Checks.That(error == Errno.None, "A range that the kernel has unmapped can be unmapped here.");
        _observer.OnUnmapped();
    }

    private void Serve(DeferredFault fault)
    {
        Errno error = _mm.HandleFault(fault.Address, fault.Access);
        if (error == Errno.EFAULT && TakeOverRights(fault))
        {
            error = _mm.HandleFault(fault.Address, fault.Access);
        }

        if (error == Errno.EAGAIN && !fault.Deadline.HasPassed)
        {
            _deferred.Add(fault);
        }
        else if (error != Errno.None)
        {
            Refuse(fault, error == Errno.EAGAIN ? Errno.ETIMEDOUT : error);
        }
    }

    /// <summary>Gives a page the rights that the process has given it: a fault comes only of an access that its own mapping allows.</summary>
    /// <remarks>mprotect(2) is told by no event. Rights that it took away the kernel itself keeps from the process.</remarks>
    /// <returns>False where nothing is mapped.</returns>
    private bool TakeOverRights(DeferredFault fault)
    {
        Protection rights = fault.Access == CpuAccess.Write ? Protection.ReadWrite : Protection.Read;
        return _mm.Protect(Page.AlignDown(fault.Address), Page.Size, rights) == Errno.None;
    }

    /// <summary>Asks again for the faults that were put off; those that are put off once more stay in the list.</summary>
    private void RetryDeferred()
    {
        for (int count = _deferred.Count; count > 0; count--)
        {
            DeferredFault fault = _deferred[0];
            _deferred.RemoveAt(0);
            Serve(fault);
        }
    }

    /// <summary>Ends an access that cannot be served: it gets SIGBUS, unless its mapping is gone, which the kernel then finds itself.</summary>
    private void Refuse(DeferredFault fault, Errno error)
    {
        AddressRange page = AddressRange.PageAt(fault.Address);
        _messages.Read();
        if (Poison(page) == Errno.None)
        {
            _observer.OnRefused(fault, error);
        }

        _userfaultfd.Wake(page);
    }

    /// <summary>Poisons a page that the address space has not.</summary>
    /// <returns>EEXIST when it has the page by now, or is poisoned already.</returns>
    private Errno Poison(AddressRange page)
    {
        // Exclusive: nobody enters the page meanwhile.
        using (_mm.MmapLock.EnterExclusive())
        {
            Errno error = _userfaultfd.Poison(page);
            if (error != Errno.EEXIST || _mm.PageTable.Read(page.Start).HasFrame)
            {
                return error;
            }

            // Without a page the kernel has but the mark of a write protection, which survives a hole and keeps poison out.
            _userfaultfd.Unprotect(page);
            return _userfaultfd.Poison(page);
        }
    }
}
