namespace GpuSvm.Gpu;

/// <summary>A GPU in software: SMs that run kernels, TLBs, a walker of the encoded tables, a fault buffer, and an IOMMU.</summary>
/// <remarks>
/// Locking: every member may be called from any thread; none needs a lock, and those of <see cref="IGpu"/> take device locks only.
/// </remarks>
public sealed class SoftwareGpu : IGpu, IDisposable
{
    private readonly VideoMemory _videoMemory;
    private readonly Iommu _iommu;
    private readonly PeerWindow _peers = new();
    private readonly CopyEngine _copyEngine;
    private readonly FaultBuffer _faultBuffer;
    private readonly AccessCounterBuffer? _accessCounters;
    private readonly DeviceSignals _signals = new();
    private readonly ChannelTable _channels;
    private readonly Sm[] _sms;
    private readonly IExecutor _executor;
    private readonly SoftwareGpuOptions _options;
    private Action? _interrupt;
    private bool _isLost;
    private long _cancels;
    private long _invalidations;

    /// <summary>Makes a GPU that reaches <paramref name="memory"/> through its IOMMU. Parallel: starts its workers.</summary>
    /// <param name="memory">System memory; outlives the GPU.</param>
    /// <param name="options">What it is like.</param>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range: the message says what is allowed.</exception>
    public SoftwareGpu(SystemMemory memory, SoftwareGpuOptions options)
    {
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate(memory.FrameCount);
        _options = options;
        var random = new SeededRandom(options.Seed);
        _videoMemory = options.CoherentAt is { } first
            ? new VideoMemory(memory, first, options.VideoMemory) { Gate = options.AllocationGate }
            : new VideoMemory(options.VideoMemory) { Gate = options.AllocationGate };
        _iommu = new Iommu(memory, options.DmaPagesFor(memory.FrameCount), random.Fork(0));
        _copyEngine = new CopyEngine(_iommu, _videoMemory, options.Execution) { Events = options.Events };
        _faultBuffer = new FaultBuffer(options.FaultBufferEntries, options.LateValidPolls, OnGetMoved);
        _accessCounters = options.AccessCounters is { } counters ? new AccessCounterBuffer(counters) : null;
        var faults = new FaultUnit(_faultBuffer, _signals, options.Clock, options.FaultTimeout)
        {
            Events = options.Events,
            OutstandingLimit = options.OutstandingFaults,
        };
        _channels = new ChannelTable(
            options.Sms,
            _videoMemory,
            _peers,
            channel => new SmPort(channel, memory, _iommu, _videoMemory, _peers, faults, _accessCounters));
        _sms = new Sm[options.Sms];
        for (int i = 0; i < _sms.Length; i++)
        {
            _sms[i] = new Sm(i, options.WarpsPerSm, random.Fork((ulong)i + 1));
        }

        _executor = MakeExecutor(faults, random);
    }

    /// <inheritdoc/>
    public IPageTableMemory PageTableMemory => _videoMemory;

    /// <inheritdoc/>
    public IDmaMapper DmaMapper => _iommu;

    /// <inheritdoc/>
    public IFaultBuffer FaultBuffer => _faultBuffer;

    /// <inheritdoc/>
    public IAccessCounterBuffer? AccessCounters => _accessCounters;

    /// <summary>The GPU's own memory, with what only a simulation knows.</summary>
    public VideoMemory VideoMemory => _videoMemory;

    /// <inheritdoc/>
    public bool IsLost => SharedWord.Read(ref _isLost);

    /// <inheritdoc/>
    IVideoMemory IGpu.VideoMemory => _videoMemory;

    /// <summary>The copy engine, with what only a simulation knows.</summary>
    public CopyEngine CopyEngine => _copyEngine;

    /// <inheritdoc/>
    ICopyEngine IGpu.CopyEngine => _copyEngine;

    /// <summary>What was counted so far.</summary>
    public GpuCounters Counters => _channels.Counters() with
    {
        FaultsReported = _faultBuffer.Written,
        Overflows = _faultBuffer.Overflows,
        Replays = _signals.ReplayEpoch,
        Cancels = SharedWord.Read(ref _cancels),
        Invalidations = SharedWord.Read(ref _invalidations),
    };

    /// <summary>Runs a kernel on a grid of blocks.</summary>
    /// <param name="channel">The instance whose address space the kernel uses. Its launches run one after another.</param>
    /// <param name="kernel">A static method: no lambda, no instance method.</param>
    /// <param name="grid">Number of blocks, at least 1.</param>
    /// <param name="block">Number of threads of a block, at least 1; its warps must fit one SM.</param>
    /// <param name="args">What every thread is given.</param>
    /// <returns>
    /// How the launch ended, also when it failed. Sequential: completed when this returns. The task fails only with what the driver's
    /// interrupt handler threw.
    /// </returns>
    /// <exception cref="ArgumentException"><paramref name="kernel"/> is not a static method.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The shape is out of range.</exception>
    /// <exception cref="ObjectDisposedException">The GPU is disposed of.</exception>
    public Task<LaunchResult> LaunchAsync<TArgs>(InstancePointer channel, GpuKernel<TArgs> kernel, int grid, int block, TArgs args)
        where TArgs : unmanaged
    {
        KernelMethod.DemandStatic(kernel);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(grid);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(block);
        var shape = new LaunchShape(grid, block);
        if (shape.WarpsPerBlock > _options.WarpsPerSm)
        {
            throw new ArgumentOutOfRangeException(
                nameof(block), block, $"A block must fit one SM, which holds {_options.WarpsPerSm * LaunchShape.LanesPerWarp} threads.");
        }

        Launch launch = _channels.Add(channel, at => new Launch<TArgs>(at, kernel, shape, args, _options.Clock, _executor.Wake));
        if (IsLost)
        {
            launch.TryStop(LaunchStop.Lost());
        }

        _executor.Submit(launch);
        return launch.Result;
    }

    /// <inheritdoc/>
    public void SetFaultInterrupt(Action? handler) => SharedWord.Write(ref _interrupt, handler);

    /// <inheritdoc/>
    public Errno BindInstance(InstancePointer instance, PageDirectoryBase root) => _channels.Bind(instance, root);

    /// <inheritdoc/>
    public Errno ConnectPeer(int number, IVideoMemory memory)
    {
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentOutOfRangeException.ThrowIfNegative(number);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(number, PeerWindow.PeerCount);
        if (memory is not VideoMemory peer || peer == _videoMemory || peer.PageCount > PeerWindow.MaxPages)
        {
            return Errno.EOPNOTSUPP;
        }

        if (_peers.Find(number) is not null)
        {
            return Errno.EBUSY;
        }

        _peers.Set(number, peer);
        return Errno.None;
    }

    /// <inheritdoc/>
    public void DisconnectPeer(int number) => _peers.Set(number, null);

    /// <inheritdoc/>
    public void UnbindInstance(InstancePointer instance) => _channels.Unbind(instance, Quiesce);

    /// <inheritdoc/>
    public void InvalidateTlb(PageDirectoryBase root, AddressRange range, int depth)
    {
        SharedWord.Add(ref _invalidations, 1);
        if (_channels.Find(root) is not { } domain || range.IsEmpty)
        {
            return;
        }

        domain.Drop(range, depth);
        if (PassAccessBarrier())
        {
            domain.WaitForAccessesInFlight();
        }
    }

    /// <inheritdoc/>
    public void Replay()
    {
        if (IsLost)
        {
            return;
        }

        long now = _options.Events?.NowNanoseconds ?? 0;
        long number = _signals.Replay();
        _options.Events?.TellReplay(number, now);
        _executor.Wake();
    }

    /// <inheritdoc/>
    /// <remarks>Ends the launches that the channel has now; a later launch starts afresh. Locking: takes device locks only.</remarks>
    public void Cancel(InstancePointer instance, GpuFaultReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        SharedWord.Add(ref _cancels, 1);
        _options.Events?.TellCancel(instance, 0, report);
        foreach (Launch launch in _channels.LaunchesOf(instance))
        {
            launch.TryStop(LaunchStop.Fault(report));
        }
    }

    /// <inheritdoc/>
    public void CancelFault(in FaultEntry fault, GpuFaultReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        _options.Events?.TellCancel(fault.Instance, fault.Timestamp, report);
        Post(new CancelRequest(fault, report));
    }

    /// <inheritdoc/>
    public void CancelUnit(CancelTarget target, GpuFaultReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        _options.Events?.TellCancel(target.Instance, 0, report);
        Post(new CancelRequest(target, (ulong)_options.Clock.NowNanoseconds, report));
    }

    /// <summary>What an SM executes at this moment, for those who look for a kernel that does not end: nothing is stopped.</summary>
    /// <param name="sm">Index of the SM.</param>
    /// <param name="activity">The thread that it executes.</param>
    /// <returns>False if it is between two threads, or has nothing to do.</returns>
    public bool TryGetActivity(int sm, out ThreadActivity activity)
    {
        Sm unit = _sms[sm];
        long turn = SharedWord.Read(ref unit.Turns);
        GpuThread? running = SharedWord.Read(ref unit.Running);
        activity = running is null
            ? default
            : new ThreadActivity(sm, running.Instance, running.BlockIndex, running.ThreadIndex, turn, running.Accesses);
        return running is not null && SharedWord.Read(ref unit.Turns) == turn;
    }

    /// <summary>Ends every launch that there is as cancelled. Does not wait for them.</summary>
    public void StopLaunches()
    {
        foreach (Launch launch in _channels.AllLaunches())
        {
            launch.TryStop(LaunchStop.Disposed());
        }
    }

    /// <summary>Has the GPU fall off its bus: what runs ends with EIO, what is launched later too, and no driver gets an answer any more.</summary>
    /// <remarks>For tests of what a driver does about it. Flushes hold: nothing that runs goes on.</remarks>
    public void StopAnswering()
    {
        SharedWord.Write(ref _isLost, true);
        foreach (Launch launch in _channels.AllLaunches())
        {
            launch.TryStop(LaunchStop.Lost());
        }

        RaiseInterrupt();
    }

    /// <summary>Stops what runs, ends all threads and gives the memory back.</summary>
    /// <remarks>A kernel that neither accesses memory nor ends keeps this waiting. Not from the fault interrupt.</remarks>
    public void Dispose()
    {
        if (!_channels.TryClose())
        {
            return;
        }

        StopLaunches();
        _executor.Dispose();
        _copyEngine.Dispose();
        _iommu.Dispose();
        _videoMemory.Dispose();
    }

    private IExecutor MakeExecutor(FaultUnit faults, SeededRandom random)
    {
        var turn = new SmTurn(_options.StepsPerTurn, _options.FaultsPerTurn);
        if (_options.Execution == ExecutionMode.Sequential)
        {
            var all = new SmRunner([.. _sms], random, turn, interrupt: null);
            return new SequentialExecutor(all, _faultBuffer, faults, RaiseInterrupt, _channels.Remove);
        }

        int workers = Math.Min(_sms.Length, Environment.ProcessorCount);
        var runners = new SmRunner[workers];
        for (int w = 0; w < workers; w++)
        {
            runners[w] = new SmRunner([.. _sms.Where(sm => sm.Index % workers == w)], order: null, turn, RaiseInterrupt);
        }

        return new ParallelExecutor(runners, faults, _channels.Remove);
    }

    private void Post(CancelRequest request)
    {
        SharedWord.Add(ref _cancels, 1);
        _channels.PostCancel(request);
        _executor.Wake();
    }

    private void Quiesce(Channel channel)
    {
        channel.DropTranslations();
        if (PassAccessBarrier())
        {
            foreach (SmPort port in channel.Ports)
            {
                port.Tlb.WaitForAccessInFlight();
            }
        }
    }

    private void OnGetMoved()
    {
        _signals.MoveGet();
        _executor.Wake();
    }

    /// <summary>Runs the driver's handler; what it throws ends the launches, for their faults will never be served.</summary>
    private void RaiseInterrupt()
    {
        try
        {
            SharedWord.Read(ref _interrupt)?.Invoke();
        }
        catch (Exception error)
        {
            foreach (Launch launch in _channels.AllLaunches())
            {
                launch.TryStop(LaunchStop.Driver(error));
            }
        }
    }

    /// <summary>After translations were dropped: makes every thread see that.</summary>
    /// <returns>False when no other thread executes, so that no access can be in flight.</returns>
    private bool PassAccessBarrier()
    {
        if (!_executor.OthersExecuteAfterDrop)
        {
            return false;
        }

        AccessBarrier.Pass();
        return true;
    }
}
