using GpuSvm.Telemetry;

namespace GpuSvm.Live;

/// <summary>One live process on one GPU: its address space, its buffers, the driver and the device, in the engine's process.</summary>
/// <remarks>
/// The same address space, driver and GPU as in a simulated machine; only the CPU below is another. Before anything is done for the app,
/// what it did to its mappings is acted on. Thread-safe.
/// </remarks>
internal sealed partial class EngineSession : IEventObserver, IDisposable
{
    /// <summary>How long events may take to be acted on before a request of the app fails.</summary>
    private static readonly TimeSpan DrainLimit = 5 * Deadline.Default;

    private readonly EngineLog _log;
    private readonly Action _end;
    private readonly int _sms;
    private readonly Userfaultfd _userfaultfd;
    private readonly SystemMemory _memory;
    private readonly PageFrames _frames;
    private readonly BufferTable _buffers;
    private readonly LiveProcess _app;
    private readonly MessageQueue _messages;
    private readonly AddressSpace _mm;
    private readonly SoftwareGpu _gpu;
    private readonly SvmDriver _driver;
    private readonly EventStream? _events;
    private readonly SvmClient _client;
    private readonly KernelLoader _kernels = new();
    private readonly WorkQueue _reaper = new("svm buffers");
    private readonly WorkItem _dropUnmapped;
    private readonly WorkItem _endGone;

    /// <summary>Builds the session and starts to serve faults.</summary>
    /// <param name="settings">What the app asks for.</param>
    /// <param name="userfaultfd">The app's, not enabled yet.</param>
    /// <param name="processId">The app.</param>
    /// <param name="log">Where trouble is told.</param>
    /// <param name="end">Ends the app; called when it does what is not followed.</param>
    /// <exception cref="SvmException">The system refuses memory or a feature of userfaultfd.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A setting lies out of its range.</exception>
    public EngineSession(EngineSettings settings, Userfaultfd userfaultfd, int processId, EngineLog log, Action end)
    {
        _log = log;
        _end = end;
        _sms = settings.Sms;
        _userfaultfd = userfaultfd;
        Features = Enable(userfaultfd);
        _events = settings.EventSlots > 0 ? new EventStream(settings.EventSlots) : null;
        DriverChoices choices = settings.ToDriverChoices() with { Events = _events };
        choices.Validate();
        _memory = new SystemMemory((settings.HeapBytes >> Page.Shift) + 1);
        _frames = new PageFrames(_memory, new PageFramesOptions
        {
            Seed = settings.Seed,
            PooledFrames = 1,
            LimitFrames = settings.SystemBytes >= settings.HeapBytes ? 0 : settings.SystemBytes >> Page.Shift,
        });
        _buffers = new BufferTable(_memory, _frames);
        _gpu = new SoftwareGpu(_memory, new SoftwareGpuOptions
        {
            Seed = settings.Seed,
            Sms = settings.Sms,
            WarpsPerSm = settings.WarpsPerSm,
            Execution = choices.Execution,
            FaultBufferEntries = settings.FaultBufferEntries,
            VideoMemory = settings.VideoMemoryBytes,
            Events = _events,
        });
        _driver = choices.Build(_gpu, _frames);
        _family = new LiveFamily(_buffers);
        _app = LiveProcess.OfApp(processId, userfaultfd, _frames, _family, this);
        _messages = _app.Messages;
        _mm = _app.Mm;
        Errno error = _driver.TryOpen(_mm, out SvmClient? client);
        if (error != Errno.None)
        {
            throw new SvmException(error, "The GPU could not be joined to the app's address space.");
        }

        _client = client!;
        _dropUnmapped = new WorkItem(_buffers.DropUnmapped);
        _endGone = new WorkItem(EndGone);
        _app.Start(this);
    }

    /// <summary>What the kernel's userfaultfd tells and does for this session.</summary>
    public UffdFeatures Features { get; }

    /// <summary>What was counted so far.</summary>
    public MachineCounters Counters
    {
        get
        {
            Drain();
            return MachineCounters.Of(_gpu.Counters, _driver);
        }
    }

    /// <summary>Runs a kernel of the app to its end.</summary>
    /// <param name="reference">The kernel.</param>
    /// <param name="grid">Number of blocks.</param>
    /// <param name="block">Number of threads of a block.</param>
    /// <param name="args">The bytes of its arguments.</param>
    /// <param name="onPlaced">Told on which instance it runs, before it does.</param>
    /// <exception cref="ArgumentException">The kernel cannot be loaded, or a size lies out of its range.</exception>
    public async Task<LaunchResult> LaunchAsync(
        KernelReference reference, int grid, int block, byte[] args, Action<InstancePointer>? onPlaced = null)
    {
        Drain();

        // The reaper may not have come to it yet; a launch begins with the memory and descriptors of all that was unmapped given back.
        _buffers.DropUnmapped();
        LoadedKernel kernel = _kernels.Load(reference);
        Channel channel = _driver.Join(_client);
        try
        {
            onPlaced?.Invoke(channel.Instance);
            return await kernel.LaunchAsync(_gpu, channel.Instance, grid, block, args).ConfigureAwait(false);
        }
        finally
        {
            _driver.Part(channel);
        }
    }

    /// <summary>Where a page is and who may use it how.</summary>
    public PageResidency Query(VirtualAddress address)
    {
        Drain();
        return ResidencyOf(Page.AlignDown(address));
    }

    /// <summary>Takes write access to a range away until it is written again.</summary>
    /// <exception cref="SvmException">A part of the range is not mapped.</exception>
    public void WriteProtect(VirtualAddress address, ulong bytes)
    {
        Drain();
        Errno error = _mm.WriteProtect(address, bytes);
        if (error != Errno.None)
        {
            throw new SvmException(error, $"{new ByteSize(bytes)} at {address} could not be write-protected.");
        }
    }

    /// <summary>Stops the GPU, and gives the app its own memory back while its guard still stands.</summary>
    /// <exception cref="SvmException">Adopted memory could not come home; it is served on, and this can be tried again.</exception>
    public void Close()
    {
        StopGpu();
        GiveBackAll();
    }

    /// <summary>Cancels every launch and lets no further one begin; faults of the CPU are still served.</summary>
    public void StopGpu()
    {
        _gpu.StopLaunches();
        _driver.Dispose();
    }

    /// <summary>Ends everything: launches, mirrors, buffers.</summary>
    public void Dispose()
    {
        _driver.Dispose();
        _pins.Dispose();
        GiveBackAll();
        _app.Stop();
        bool hasHeirs = _family.LeaveChildren();
        _reaper.Dispose();
        if (hasHeirs)
        {
            // They use the memory, and this process is about to end.
            return;
        }

        _mm.Dispose();
        _gpu.Dispose();
        _buffers.Dispose();
        _frames.Dispose();
        _memory.Dispose();
        _pages?.Dispose();
        _app.Dispose();
    }

    /// <inheritdoc/>
    void IEventObserver.OnUnmapped() => _reaper.Enqueue(_dropUnmapped);

    /// <inheritdoc/>
    void IEventObserver.OnRefused(DeferredFault fault, Errno error) =>
        _log.Write($"{Words(fault)} could not be served ({error}) and ends with SIGBUS");

    /// <inheritdoc/>
    void IEventObserver.OnUnservable(DeferredFault fault, Errno error)
    {
        _end();
        _log.Write($"{Words(fault)} could not be served ({error}) nor ended; the app was killed");
    }

    /// <inheritdoc/>
    void IEventObserver.OnUnexpected(UffdMessage message)
    {
        _end();
        _log.Write($"the app caused event {message.Event}, which could not be followed; it was killed so that it reads no wrong byte");
    }

    /// <inheritdoc/>
    void IEventObserver.OnFailed(Exception failure)
    {
        // Faults that nobody serves would hang the app. Without the engine the guard ends it.
        try
        {
            _log.Write($"the engine failed and ends, and the app with it: {failure}");
        }
        finally
        {
            EngineProgram.EndAtOnce(_log);
        }
    }

    private static string Words(DeferredFault fault) => $"a {fault.Access.ToString().ToLowerInvariant()} at {fault.Address}";
}
