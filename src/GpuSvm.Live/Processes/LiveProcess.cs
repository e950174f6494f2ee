namespace GpuSvm.Live;

/// <summary>One process that maps the heap, as the engine sees it: the app, or a child that it forked.</summary>
/// <remarks>
/// Each has an address space of its own, with the same frames, so what takes a page from one takes it from all: the reverse map knows
/// them. Each has its own userfaultfd, and so its own queue of messages and its own threads that read and act on them.
/// </remarks>
internal sealed partial class LiveProcess : IDisposable
{
    private EventWorker? _worker;
    private FaultPump? _pump;

    /// <summary>Puts one together; nothing is read before <see cref="Start"/>.</summary>
    /// <param name="processId">The process; null when it is not known yet, of a child.</param>
    /// <param name="userfaultfd">The process's, enabled; closed with it.</param>
    /// <param name="messages">What it has told.</param>
    /// <param name="mm">The process's address space; ended with it.</param>
    public LiveProcess(int? processId, Userfaultfd userfaultfd, MessageQueue messages, AddressSpace mm)
    {
        ProcessId = processId;
        Userfaultfd = userfaultfd;
        Messages = messages;
        Mm = mm;
    }

    /// <summary>The process; null when it is not known yet, of a child.</summary>
    public int? ProcessId { get; }

    /// <summary>The process's userfaultfd.</summary>
    public Userfaultfd Userfaultfd { get; }

    /// <summary>What the userfaultfd has told and nobody has acted on.</summary>
    public MessageQueue Messages { get; }

    /// <summary>The process's mappings and pages.</summary>
    public AddressSpace Mm { get; }

    /// <summary>The app, which maps nothing yet.</summary>
    public static LiveProcess OfApp(int processId, Userfaultfd userfaultfd, SystemMemory memory, PageFrames frames)
    {
        var messages = new MessageQueue(userfaultfd);
        var cpu = new UserfaultCpu(userfaultfd, memory, messages);
        return new LiveProcess(processId, userfaultfd, messages, new AddressSpace(frames, cpu, new AddressSpaceOptions()));
    }

    /// <summary>Begins to act on what the process does, and to serve its faults.</summary>
    public void Start(IEventObserver observer)
    {
        StartWorker(observer);
        StartPump(observer);
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
