using System.Runtime.CompilerServices;

namespace GpuSvm.Live;

/// <summary>One process that maps the heap, as the engine sees it: the app, or a child that it forked.</summary>
/// <remarks>
/// Each has an address space of its own, with the same frames, so what takes a page from one takes it from all: the reverse map knows
/// them. Each has its own userfaultfd, and so its own queue of messages and its own threads that read and act on them.
/// </remarks>
internal sealed partial class LiveProcess : IDisposable
{
    /// <summary>How long a process that changes its mappings all the time is looked at.</summary>
    private static readonly TimeSpan LookLimit = TimeSpan.FromMilliseconds(100);

    /// <summary>A page where nobody maps anything: calls on it answer how the process does, and change nothing.</summary>
    private static readonly AddressRange Nowhere = AddressRange.PageAt(Page.Size);

    private EventWorker? _worker;
    private FaultPump? _pump;
    private int _processId;
    private bool _isStarted;

    /// <summary>Puts one together; nothing is read before <see cref="Start"/>.</summary>
    /// <param name="processId">The process; null when it is not known yet, of a child.</param>
    /// <param name="userfaultfd">The process's, enabled; closed with it.</param>
    /// <param name="messages">What it has told.</param>
    /// <param name="mm">The process's address space; ended with it.</param>
    /// <param name="family">The processes that map the same heap; the new one is still to be added.</param>
    public LiveProcess(int? processId, Userfaultfd userfaultfd, MessageQueue messages, AddressSpace mm, LiveFamily family)
    {
        _processId = processId ?? 0;
        IsChild = processId is null;
        Family = family;
        Userfaultfd = userfaultfd;
        Messages = messages;
        Mm = mm;
    }

    /// <summary>The process; null when it is not known yet, of a child.</summary>
    public int? ProcessId => SharedWord.Read(ref _processId) is var id and not 0 ? id : null;

    /// <summary>True for a child that the app, or another child, has forked.</summary>
    public bool IsChild { get; }

    /// <summary>The processes that map the same heap.</summary>
    public LiveFamily Family { get; }

    /// <summary>True once the process has ended, or has become another program; not before it was started here.</summary>
    public bool HasEnded => SharedWord.Read(ref _isStarted) && Userfaultfd.WriteProtect(Nowhere) == Errno.ESRCH;

    /// <summary>The process's userfaultfd.</summary>
    public Userfaultfd Userfaultfd { get; }

    /// <summary>What the userfaultfd has told and nobody has acted on.</summary>
    public MessageQueue Messages { get; }

    /// <summary>The process's mappings and pages.</summary>
    public AddressSpace Mm { get; }

    /// <summary>The app's; null of a child, which shares no private memory.</summary>
    public UserfaultCpu? Cpu { get; private init; }

    /// <summary>The app, which maps nothing yet.</summary>
    public static LiveProcess OfApp(int processId, Userfaultfd userfaultfd, PageFrames frames, LiveFamily family, IEventObserver observer)
    {
        var messages = new MessageQueue(userfaultfd);
        var cpu = new UserfaultCpu(userfaultfd, frames.Memory, messages, observer.OnUnprotected);
        var mm = new AddressSpace(frames, cpu, new AddressSpaceOptions());
        var app = new LiveProcess(processId, userfaultfd, messages, mm, family) { Cpu = cpu };
        family.Add(app);
        return app;
    }

    /// <summary>Makes the view of a child that has just been forked, with the same pages; it is still to be added and started.</summary>
    /// <param name="messages">The child's.</param>
    /// <param name="observer">Hears of what cannot be decided here.</param>
    /// <param name="child">The child; null on failure.</param>
    /// <returns>What <see cref="AddressSpace.TryFork"/> answers.</returns>
    public Errno TryFork(MessageQueue messages, IEventObserver observer, out LiveProcess? child)
    {
        var cpu = new UserfaultCpu(messages.Userfaultfd, Mm.Frames.Memory, messages, observer.OnUnprotected);
        Errno error = Mm.TryFork(cpu, null, out AddressSpace? mm);
        child = mm is null ? null : new LiveProcess(null, messages.Userfaultfd, messages, mm, Family);
        return error;
    }

    /// <summary>Learns the number of a child by one of its threads: /proc takes that of any.</summary>
    public void Learn(uint threadId)
    {
        if (SharedWord.Read(ref _processId) == 0)
        {
            SharedWord.Write(ref _processId, unchecked((int)threadId));
        }
    }

    /// <summary>What the process maps of the engine's buffers; null when that cannot be seen.</summary>
    /// <remarks>
    /// The kernel shows one mapping after another, so one that moves meanwhile could be shown nowhere. If any has changed, it is looked at
    /// once more; but not for ever.
    /// </remarks>
    public IReadOnlyList<BufferMapping>? Buffers()
    {
        if (ProcessId is not { } id)
        {
            return null;
        }

        Deadline patience = Clock.Monotonic.After(LookLimit);
        while (true)
        {
            AwaitChanges(patience);
            long read = Messages.ChangesRead;
            IReadOnlyList<BufferMapping>? shown = id == Environment.ProcessId
                ? ProcessMaps.TryReadBuffers(id)?.Where(mapping => !IsOwnView(mapping.Range)).ToArray()
                : ProcessMaps.TryReadBuffers(id);
            AwaitChanges(patience);
            if (Messages.ChangesRead == read || patience.HasPassed)
            {
                return shown;
            }
        }
    }

    /// <summary>True for the engine's own view of the frames: in tests it serves its own process.</summary>
    private bool IsOwnView(AddressRange range)
    {
        SystemMemory memory = Mm.Frames.Memory;
        ulong start = (ulong)Unsafe.ByteOffset(ref Unsafe.NullRef<byte>(), ref memory.At(default));
        return AddressRange.FromLength(start, memory.FrameCount << Page.Shift).Contains(range);
    }

    /// <summary>Waits until the process is in no call that changes its mappings, and reads what it has told.</summary>
    public void AwaitChanges(Deadline patience)
    {
        var spin = default(Spin);
        do
        {
            Messages.Read();
            spin.Once();
        }
        while (Userfaultfd.WriteProtect(Nowhere) == Errno.EAGAIN && !patience.HasPassed);
    }

    /// <summary>Stops, and leaves the process to itself: its memory is as any other from now on, and those who wait go on.</summary>
    public void Leave()
    {
        Stop();
        Userfaultfd.Dispose();
    }

    /// <summary>Begins to act on what the process does, and to serve its faults.</summary>
    public void Start(IEventObserver observer)
    {
        StartWorker(observer);
        StartPump(observer);
        SharedWord.Write(ref _isStarted, true);
    }

    /// <summary>Begins to act on what is queued.</summary>
    public void StartWorker(IEventObserver observer) => _worker = new EventWorker(this, observer);

    /// <summary>Begins to read, and to serve faults on the spot.</summary>
    public void StartPump(IEventObserver observer) => _pump = new FaultPump(this, observer);

    /// <summary>Stops to read and to act; faults wait from now on.</summary>
    public void Stop()
    {
        _pump?.Dispose();
        _worker?.Dispose();
        (_pump, _worker) = (null, null);
    }

    /// <summary>Stops, unmaps everything and closes the userfaultfd.</summary>
    public void Dispose()
    {
        Stop();
        Mm.Dispose();
        Userfaultfd.Dispose();
    }
}
