namespace GpuSvm.Live;

/// <summary>The CPU of a live process, by its userfaultfd: entries come by CONTINUE, lose writing by WRITEPROTECT, go by holes.</summary>
/// <remarks>
/// <para>
/// Holds no state of pages: what the kernel answers is read against what the address space has just decided. The kernel's entries may be
/// fewer than the address space's, never more; an access that finds none asks again.
/// </para>
/// <para>
/// While an event of the process waits to be read the kernel answers EAGAIN to every change, and so does the queue to entering a page
/// while a discard of it waits to be acted on. <see cref="Map"/> passes that on, since its caller can wait; taking rights away can not, so
/// it reads the messages itself and tries again.
/// </para>
/// </remarks>
internal sealed partial class UserfaultCpu : ICpu
{
    private const int HoleAttempts = 3;

    /// <summary>How long the process may be inside a call that changes its mappings: unmapping many gibibytes takes seconds.</summary>
    private static readonly TimeSpan ProtectLimit = 10 * Deadline.Default;

    private readonly Userfaultfd _userfaultfd;
    private readonly SystemMemory _memory;
    private readonly MessageQueue _messages;
    private readonly Action<AddressRange, Errno> _onUnprotected;

    /// <summary>Makes the CPU of the process that a userfaultfd belongs to.</summary>
    /// <param name="userfaultfd">Enabled.</param>
    /// <param name="memory">The frames: memfds, as this process sees them.</param>
    /// <param name="messages">What the userfaultfd has told.</param>
    /// <param name="onUnprotected">Called when stores to pages could not be stopped: the process must end.</param>
    public UserfaultCpu(
        Userfaultfd userfaultfd, SystemMemory memory, MessageQueue messages, Action<AddressRange, Errno> onUnprotected)
    {
        _onUnprotected = onUnprotected;
        _userfaultfd = userfaultfd;
        _memory = memory;
        _messages = messages;
    }

    /// <summary>The engine sees the frames' bytes; they are fixed by memfd and offset, and a shared zero page is not to be had.</summary>
    public CpuCapabilities Capabilities => CpuCapabilities.AliasableFrames;

    /// <summary>Does nothing: the process has a page table of its own, and its faults come as messages.</summary>
    public void Attach(ICpuFaultHandler handler, CpuPageTable table)
    {
    }

    /// <inheritdoc/>
    public bool Map(AddressRange range, FrameNumber firstFrame, Protection protection)
    {
        if (Adopted.Find(firstFrame) is { } region)
        {
            return Pages.Give(range, region.FrameOf(range.Start), protection);
        }

        ContinueMode mode = MayWrite(protection) || Breaks.ContinueLate ? ContinueMode.ReadWrite : ContinueMode.WriteProtected;
        int holes = 0;
        ulong at = range.Start;
        while (at < range.End.Value)
        {
            Errno error = _messages.Continue(new AddressRange(at, range.End), mode, out ulong done);
            at += done;
            switch (error)
            {
                case Errno.None:
                    return true;

                case Errno.EAGAIN when done > 0:
                    break;

                case Errno.EEXIST:
                    if (!Grant(AddressRange.PageAt(at), protection))
                    {
                        return false;
                    }

                    at += Page.Size;
                    break;

                case Errno.EFAULT when holes++ < HoleAttempts:
                    // The program itself has punched a hole there (MADV_REMOVE): the page gets memory again, of zeros.
                    _memory.TryPopulate(new FrameNumber(firstFrame.Value + ((at - range.Start.Value) >> Page.Shift)));
                    break;

                case Errno.ENOENT or Errno.ESRCH:
                    // The mapping is gone, or the whole process. The event that says so is on its way.
                    _userfaultfd.Wake(new AddressRange(at, range.End));
                    return true;

                default:
                    return false;
            }
        }

        return true;
    }

    /// <summary>As <see cref="ICpu.WriteProtect"/>. If that cannot be done within a bound, the process must end, and no store is lost.</summary>
    public void WriteProtect(AddressRange range)
    {
        Errno error = Protect(_messages, range, Clock.Monotonic.After(ProtectLimit));
        if (error != Errno.None)
        {
            _onUnprotected(range, error);
        }
    }

    /// <inheritdoc/>
    public void Isolate(AddressRange range)
    {
        if (Adopted.Find(range.Start) is { } region)
        {
            IsolateAdopted(range, region);
        }
        else
        {
            WriteProtect(range);
        }
    }

    /// <summary>Takes every entry away. The bytes are kept aside meanwhile, for entries go only with their page.</summary>
    public void Revoke(AddressRange range, FrameNumber firstFrame)
    {
        if (Adopted.Find(firstFrame) is { } region)
        {
            RevokeAdopted(range, region);
            return;
        }

        WriteProtect(range);
        Span<byte> kept = stackalloc byte[(int)Page.Size];
        for (ulong i = 0; i < range.PageCount; i++)
        {
            var frame = new FrameNumber(firstFrame.Value + i);
            _memory.Frame(frame).CopyTo(kept);
            _memory.Punch(frame, 1);
            kept.CopyTo(_memory.Frame(frame));
        }
    }

    /// <summary>Does nothing: it was the process itself that has unmapped or moved its pages.</summary>
    public void Leave(AddressRange range)
    {
    }

    /// <inheritdoc/>
    public void Detach(AddressRange range, FrameNumber firstFrame)
    {
        if (Adopted.Find(firstFrame) is { } region)
        {
            DetachAdopted(range, region);
        }
        else
        {
            _memory.Punch(firstFrame, range.PageCount);
        }
    }

    /// <inheritdoc/>
    public void Wake(AddressRange range) => _userfaultfd.Wake(range);

    private static bool MayWrite(Protection protection) => (protection & Protection.Write) != 0;

    /// <summary>Deals with a page that the kernel has an entry for already: one that is marked against writing, or a waiter's.</summary>
    private bool Grant(AddressRange page, Protection protection)
    {
        // The mark of write protection survives a hole in shared memory, so an entry can be marked that nobody protects any more.
        Errno error = MayWrite(protection) ? _messages.Unprotect(page) : _userfaultfd.Wake(page);
        return error != Errno.EAGAIN;
    }

    /// <summary>Write-protects the pages of a range wherever they are by now, also in children that nobody knows yet.</summary>
    private static Errno Protect(MessageQueue messages, AddressRange range, Deadline deadline)
    {
        while (true)
        {
            long read = messages.ChangesRead;
            Errno error = ProtectThere(messages, range, deadline);
            foreach ((MessageQueue process, AddressRange place) in messages.OtherPlaces(range))
            {
                error =
                    error != Errno.None ? error :
                    process == messages ? ProtectThere(messages, place, deadline) : Protect(process, place, deadline);
            }

            if (error != Errno.None || messages.ChangesRead == read)
            {
                return error;
            }

            // What was protected may have been moved away before.
            if (deadline.HasPassed)
            {
                return Errno.ETIMEDOUT;
            }
        }
    }

    private static Errno ProtectThere(MessageQueue messages, AddressRange range, Deadline deadline)
    {
        Errno error = ProtectRun(messages, range, deadline);
        if (error != Errno.ENOENT)
        {
            return error;
        }

        // A part of the range is no longer mapped as it was, and the kernel has stopped there.
        error = Errno.None;
        for (ulong page = range.Start; page < range.End.Value && error == Errno.None; page += Page.Size)
        {
            error = ProtectRun(messages, AddressRange.PageAt(page), deadline);
            error = error == Errno.ENOENT ? Errno.None : error;
        }

        return error;
    }

    /// <summary>Write-protects what the process maps of a range, however often the kernel puts it off.</summary>
    /// <returns>ENOENT where something is not mapped; ETIMEDOUT when the kernel puts it off for longer than the bound.</returns>
    private static Errno ProtectRun(MessageQueue messages, AddressRange range, Deadline deadline)
    {
        var spin = default(Spin);
        while (true)
        {
            Errno error = messages.Userfaultfd.WriteProtect(range);
            switch (error)
            {
                case Errno.ESRCH:
                    return Errno.None;

                case Errno.EAGAIN when !deadline.HasPassed:
                    messages.Read();
                    spin.Once();
                    break;

                default:
                    return error == Errno.EAGAIN ? Errno.ETIMEDOUT : error;
            }
        }
    }
}
