namespace GpuSvm.Live;

/// <summary>Reads, takes and gives private pages of a live process, whole: it needs nothing of the process but what the kernel does for it.</summary>
/// <remarks>
/// <para>
/// The bytes of a page that is not in a device are the process's own, if it has the page, else those in its frame here: mostly zero, or what
/// came from a device and could not be given yet. So a frame holds bytes only while its page moves.
/// </para>
/// <code>
/// Isolate   write-protect; read what is there into the frames (process_vm_readv)
/// Take      MADV_DONTNEED by the process's ring; its event, which is the engine's own, is read meanwhile
/// Give      UFFDIO_COPY from the frames, which are empty then
/// </code>
/// <para>
/// A read may meet a page that a discard of the process's own has just taken: it would wait for this engine. Who reads messages answers it
/// with zeros, which no store gets past (<see cref="MessageQueue.BeginRead"/>); <see cref="ReaderWatch"/> reads them if nobody else can.
/// </para>
/// <para>
/// A process that unmaps a range may have other memory there before it tells. What is taken is asked of the kernel before and after: if it is
/// no longer registered afterwards and something else is mapped there, that may have lost bytes, and the process is ended.
/// </para>
/// <para>Thread-safe; calls for one page are made under its page-table lock.</para>
/// </remarks>
internal sealed unsafe class AdoptedPages : IDisposable
{
    /// <summary>How long the process may keep the kernel from taking pages: it may be stopped, or change its mappings.</summary>
    private static readonly TimeSpan TakeLimit = 30 * Deadline.Default;

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(1);
    private const int ReadAttempts = 64;

    private readonly RankedLock _lock = new(LockRank.FrameAllocator);
    private readonly int _processId;
    private readonly Userfaultfd _userfaultfd;
    private readonly MessageQueue _messages;
    private readonly SystemMemory _memory;
    private readonly AppRing _ring;
    private readonly PageScan _scan;
    private readonly ReaderWatch _watch;
    private readonly Action<AddressRange> _onLost;
    private readonly Func<VirtualAddress, Errno> _answer;

    /// <summary>Begins to serve a process.</summary>
    /// <param name="processId">The process.</param>
    /// <param name="userfaultfd">Its own.</param>
    /// <param name="messages">What that has told.</param>
    /// <param name="memory">The frames. Frame 0 is zero, and stays so.</param>
    /// <param name="ring">The ring that it lends.</param>
    /// <param name="onLost">Called when memory that is not adopted may have lost its bytes.</param>
    public AdoptedPages(
        int processId, Userfaultfd userfaultfd, MessageQueue messages, SystemMemory memory, AppRing ring, Action<AddressRange> onLost)
    {
        _processId = processId;
        _userfaultfd = userfaultfd;
        _messages = messages;
        _memory = memory;
        _ring = ring;
        _onLost = onLost;
        _scan = new PageScan(processId);
        _watch = new ReaderWatch(messages);
        _answer = Answer;
    }

    /// <summary>Adds the pages of a range that the process has.</summary>
    public Errno AddPresent(AddressRange range, ICollection<AddressRange> runs) => _scan.AddPresent(range, runs);

    /// <summary>Stops the process's stores to what it has of a range, and reads that into the frames.</summary>
    /// <param name="range">Whole pages of one region.</param>
    /// <param name="first">Frame of the first page; each has its memory.</param>
    /// <exception cref="SvmException">The kernel refuses.</exception>
    public void Read(AddressRange range, FrameNumber first)
    {
        using (_lock.Enter())
        {
            _watch.Begin();
            _messages.BeginRead(ProcessReader.ThreadId, _answer);
            try
            {
                ulong at = range.Start;
                for (int attempt = 0; at < range.End.Value; attempt++)
                {
                    Errno error = ReadPresent(new AddressRange(at, range.End), FrameAt(range, first, at), out at);
                    if (error == Errno.ESRCH)
                    {
                        return;
                    }

                    if (error is not (Errno.None or Errno.EFAULT) || attempt == ReadAttempts)
                    {
                        throw new SvmException(error, $"The app's pages {range} could not be read.");
                    }
                }
            }
            finally
            {
                _messages.EndRead();
                _watch.End();
            }
        }
    }

    /// <summary>Gives a child that has just been forked a page that the process does not have, and so the child has no copy of.</summary>
    /// <param name="child">What the child has told.</param>
    /// <param name="page">The page.</param>
    /// <param name="frame">Where its bytes wait.</param>
    public void GiveForked(MessageQueue child, AddressRange page, FrameNumber frame)
    {
        Deadline deadline = Clock.Monotonic.After(TakeLimit);
        while (child.Userfaultfd.Copy(page, _memory.Base + (frame.Value << Page.Shift), ContinueMode.ReadWrite, out _) == Errno.EAGAIN
            && !deadline.HasPassed)
        {
            child.Read();
            default(Spin).Once();
        }
    }

    /// <summary>Takes pages from the process: they are not there any more on return.</summary>
    /// <exception cref="SvmException">The process could not be made to give them within a bound.</exception>
    public void Take(AddressRange range)
    {
        using (_lock.Enter())
        {
            Deadline deadline = Clock.Monotonic.After(TakeLimit);
            ulong length;
            for (ulong at = range.Start; at < range.End.Value; at += length)
            {
                length = Math.Min(range.End.Value - at, AppRing.MostBytes);
                Take(AddressRange.FromLength(at, length), deadline);
            }
        }
    }

    /// <summary>Gives the process pages that it has not, with the bytes of their frames, which are empty afterwards.</summary>
    /// <returns>As <see cref="ICpu.Map"/>.</returns>
    public bool Give(AddressRange range, FrameNumber first, Protection protection)
    {
        bool mayWrite = (protection & Protection.Write) != 0;
        ulong at = range.Start;
        while (at < range.End.Value)
        {
            FrameNumber frame = FrameAt(range, first, at);
            byte* source = _memory.Base + (frame.Value << Page.Shift);
            Errno error = _messages.Copy(
                new AddressRange(at, range.End), source, mayWrite ? ContinueMode.ReadWrite : ContinueMode.WriteProtected, out ulong done);
            if (error == Errno.EEXIST && done == 0)
            {
                AddressRange page = AddressRange.PageAt(at);
                if ((mayWrite ? _userfaultfd.Unprotect(page) : _userfaultfd.Wake(page)) == Errno.EAGAIN)
                {
                    return false;
                }

                done = Page.Size;
            }

            _memory.Discard(frame, done >> Page.Shift);
            at += done;
            if (error is Errno.ENOENT or Errno.ESRCH)
            {
                // The mapping is gone, or the whole process. The event that says so is on its way.
                _userfaultfd.Wake(new AddressRange(at, range.End));
                return true;
            }

            if (error != Errno.None && done == 0)
            {
                return false;
            }
        }

        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _watch.Dispose();
        _scan.Dispose();
        _ring.Dispose();
    }

    private static FrameNumber FrameAt(AddressRange range, FrameNumber first, ulong at) => first + ((at - range.Start.Value) >> Page.Shift);

    /// <summary>Reads until the end, or until a page is met that has gone meanwhile.</summary>
    /// <param name="range">The pages.</param>
    /// <param name="first">Their frames.</param>
    /// <param name="next">Where to go on after EFAULT: that page is looked at anew.</param>
    private Errno ReadPresent(AddressRange range, FrameNumber first, out ulong next)
    {
        next = range.End;
        List<AddressRange> present = [];
        Errno error = _scan.AddPresent(range, present);
        foreach (AddressRange run in present)
        {
            byte* target = _memory.Base + (FrameAt(range, first, run.Start).Value << Page.Shift);
            if (error != Errno.None || !(Breaks.AdoptedReadUnprotected || TryProtect(run, Clock.Monotonic.After(TakeLimit))))
            {
                // What is no longer registered is unmapped, and the event that says so on its way.
                continue;
            }

            error = ProcessReader.Read(_processId, run, target, out ulong done);
            if (error == Errno.EFAULT)
            {
                next = run.Start.Value + (done & ~Page.OffsetMask);
                return error;
            }
        }

        return error;
    }

    private void Take(AddressRange range, Deadline deadline)
    {
        if (!TryProtect(range, deadline))
        {
            return;
        }

        _messages.BeginOwnDiscard(range);
        try
        {
            Errno error = _ring.Submit(range);
            while (error == Errno.None && !_ring.TryReap(out error))
            {
                if (deadline.HasPassed)
                {
                    throw new SvmException(Errno.ETIMEDOUT, $"The app did not give its pages {range} within {TakeLimit.TotalSeconds} s.");
                }

                if (_ring.Wait(_userfaultfd.Descriptor, Look))
                {
                    _messages.Read();
                }
            }

            if (error is not (Errno.None or Errno.EOWNERDEAD or Errno.ESRCH or Errno.ENOMEM))
            {
                throw new SvmException(error, $"The app's pages {range} could not be taken ({error}).");
            }
        }
        finally
        {
            _messages.EndOwnDiscard();
        }

        if (!Ask(_userfaultfd.Unprotect, range, deadline) && ProcessMaps.IsMapped(_processId, range))
        {
            _onLost(range);
        }
    }

    /// <summary>Marks pages against writing; pages that are not there get a mark that looks like a page.</summary>
    /// <returns>False if not all of the range is what was adopted any more.</returns>
    private bool TryProtect(AddressRange range, Deadline deadline) => Ask(_userfaultfd.WriteProtect, range, deadline);

    private bool Ask(Func<AddressRange, Errno> call, AddressRange range, Deadline deadline)
    {
        while (true)
        {
            Errno error = call(range);
            if (error != Errno.EAGAIN || deadline.HasPassed)
            {
                return error == Errno.None;
            }

            // The process is inside a call that changes its mappings, and waits for that to be read.
            _messages.Read();
            default(Spin).Once();
        }
    }

    private Errno Answer(VirtualAddress page) =>
        _userfaultfd.Copy(AddressRange.PageAt(page), _memory.Base, ContinueMode.WriteProtected, out _);
}
