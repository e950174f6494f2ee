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
internal sealed unsafe partial class AdoptedPages : IDisposable
{
    /// <summary>How long the process may keep the kernel from taking pages: it may be stopped, or change its mappings.</summary>
    private static readonly TimeSpan TakeLimit = 30 * Deadline.Default;

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
    private readonly Action<Exception> _onFailed;
    private readonly Func<VirtualAddress, Errno> _answer;

    /// <summary>Begins to serve a process.</summary>
    /// <param name="processId">The process.</param>
    /// <param name="userfaultfd">Its own.</param>
    /// <param name="messages">What that has told.</param>
    /// <param name="memory">The frames. Frame 0 is zero, and stays so.</param>
    /// <param name="ring">The ring that it lends.</param>
    /// <param name="onLost">Called when memory that is not adopted may have lost its bytes.</param>
    /// <param name="onFailed">Called when pages can neither be read nor taken, nor be left: the engine must end, and the process with it.</param>
    public AdoptedPages(
        int processId,
        Userfaultfd userfaultfd,
        MessageQueue messages,
        SystemMemory memory,
        AppRing ring,
        Action<AddressRange> onLost,
        Action<Exception> onFailed)
    {
        _onFailed = onFailed;
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
    /// <exception cref="SvmException">The kernel refuses; this was told, and the engine ends.</exception>
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

                    if (error is not (Errno.None or Errno.EFAULT) || (error == Errno.EFAULT && attempt == ReadAttempts))
                    {
                        throw Failed(error, $"The app's pages {range} could not be read ({error}).");
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
        List<AddressRange> runs = [];
        Errno error = _scan.AddPresent(range, runs);
        if (error != Errno.None)
        {
            return error;
        }

        List<AddressRange> here = [];
        Deadline deadline = Clock.Monotonic.After(TakeLimit);
        runs.ForEach(Breaks.AdoptedReadUnprotected ? here.Add : run => ForEachProtected(run, deadline, here.Add));
        foreach (AddressRange run in here)
        {
            byte* target = _memory.Base + (FrameAt(range, first, run.Start).Value << Page.Shift);
            error = ProcessReader.Read(_processId, run, target, out ulong done);
            if (error != Errno.None)
            {
                next = run.Start.Value + (done & ~Page.OffsetMask);
                return error;
            }
        }

        return Errno.None;
    }

    /// <summary>Gives a page that a read waits for zeros, which no store gets past; or lets the read go on and find that it is gone.</summary>
    /// <returns>EAGAIN when it is to be asked again.</returns>
    public Errno Answer(VirtualAddress page)
    {
        AddressRange range = AddressRange.PageAt(page);
        Errno error = _userfaultfd.Copy(range, _memory.Base, ContinueMode.WriteProtected, out _);
        if (error is not (Errno.None or Errno.EAGAIN))
        {
            _userfaultfd.Wake(range);
        }

        return error;
    }
}
