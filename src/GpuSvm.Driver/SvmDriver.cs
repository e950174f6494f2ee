namespace GpuSvm.Driver;

/// <summary>Shares the memory of processes with one GPU: joins their channels, serves the GPU's faults, follows their changes.</summary>
/// <remarks>
/// Locking: the SVM lock is shared while a batch is served and exclusive while clients and channels come and go, so that nothing found in
/// the tables is taken away under a fault. Source: struct nouveau_svm of nouveau_svm.c.
/// </remarks>
public sealed partial class SvmDriver : IDisposable
{
    private readonly IGpu _gpu;
    private readonly SvmDriverOptions _options;
    private readonly RankedSharedLock _svmLock = new(LockRank.DriverSvm);
    private readonly ChannelTable _channels = new();
    private readonly List<SvmClient> _clients = [];
    private readonly ReplayableFaultBuffer _faults;
    private readonly VideoPages? _videoPages;
    private readonly VideoMapper _videoMapper;
    private readonly FaultServicer _servicer;
    private readonly WorkItem _service;
    private readonly WorkQueue? _worker;
    private readonly RankedLock _servicing = new(LockRank.FaultServicing);
    private long _invalidationsOfClosed;
    private bool _disposed;

    /// <summary>Takes a GPU over and starts to serve its faults, those included that its ring holds already; with SVM off it does nothing.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option lies out of its range.</exception>
    public SvmDriver(IGpu gpu, SvmDriverOptions options)
    {
        ArgumentNullException.ThrowIfNull(gpu);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _gpu = gpu;
        _options = options;
        _faults = new ReplayableFaultBuffer(gpu, options.MaxLateEntries, QueueService);
        _servicer = new FaultServicer(gpu, _faults, _svmLock, _channels, options);
        _service = new WorkItem(ServiceFaults);
        _videoMapper = new VideoMapper(options.Clock, options.Timeout);
        if (IsOn)
        {
            _worker = options.Servicing == FaultServicing.OnWorker ? new WorkQueue("svm fault servicer") : null;
            _videoPages = options.DevicePages is { } pages ? VideoPages.Create(gpu, pages, options, _worker) : null;
            Start();
        }
    }

    /// <summary>Whether the driver serves faults now, and why not.</summary>
    /// <remarks>Locking: none; what it says may be over at once.</remarks>
    public DriverStatus Status =>
        !IsOn ? DriverStatus.Off :
        SharedWord.Read(ref _disposed) ? DriverStatus.Ended :
        _faults.IsLost ? DriverStatus.Lost :
        _faults.IsEnabled ? DriverStatus.Running : DriverStatus.Suspended;

    /// <summary>What the driver has counted.</summary>
    public DriverCounters Counters => _servicer.Counters;

    /// <summary>Number of invalidations that reached a GPU page table.</summary>
    public long Invalidations
    {
        get
        {
            using (_svmLock.EnterShared())
            {
                return _invalidationsOfClosed + _clients.Sum(client => client.Mirror.Invalidations);
            }
        }
    }

    /// <summary>Number of 4 KiB pages that the GPU can reach now, over all clients.</summary>
    public long MappedPages
    {
        get
        {
            using (_svmLock.EnterShared())
            {
                return _clients.Sum(client => client.Mirror.MappedPages);
            }
        }
    }

    /// <summary>Moves pages of a client to other frames of system memory, while the client runs.</summary>
    /// <param name="client">Whose pages.</param>
    /// <param name="range">Page-aligned, in one mapping or several.</param>
    /// <returns>How many have moved, and the first error.</returns>
    /// <exception cref="ArgumentException">The range is not made of whole pages.</exception>
    /// <exception cref="ObjectDisposedException">The client is closed.</exception>
    /// <remarks>
    /// Faults of the client are served meanwhile; those of pages that move wait. Locking: no lock held on entry; holds the SVM lock shared, and
    /// the mmap lock only while pages are collected.
    /// </remarks>
    public MigrationResult Migrate(SvmClient client, AddressRange range)
    {
        ArgumentNullException.ThrowIfNull(client);
        if (!range.IsPageAligned)
        {
            throw new ArgumentException($"{range} is not made of whole pages.", nameof(range));
        }

        using (_svmLock.EnterShared())
        {
            ObjectDisposedException.ThrowIf(client.IsDisposed, client);
            _options.Events?.TellMigration(client.Root, range, EventCause.Requested, EventDirection.InSystem);
            MigrationResult result = new PageMigrator(client.Mm, client.Mirror).Run(range);
            _options.Events?.TellMigrationEnd(range, result.Pages);
            return result;
        }
    }

    /// <summary>Serves every fault that the ring holds; called by the interrupt.</summary>
    /// <remarks>
    /// Calls from several threads take turns, and between two rounds of batches those have theirs who wait for the servicer to stand still.
    /// Ends soon after a suspend, and when the device is found to be lost: then every channel has been cancelled on return.
    /// </remarks>
    public void ServiceFaults()
    {
        bool isEmpty;
        do
        {
            using (_servicing.Enter())
            {
                isEmpty = _servicer.Service();
                CancelAllWhenLost();
            }
        }
        while (!isEmpty);
    }

    /// <summary>Stops serving faults and closes every client; the GPU stays. Channels may still part afterwards.</summary>
    /// <remarks>At any moment: also while the driver is suspended, or its device is lost.</remarks>
    public void Dispose()
    {
        SvmClient[] clients;
        using (_svmLock.EnterExclusive())
        {
            if (_disposed)
            {
                return;
            }

            SharedWord.Write(ref _disposed, true);
            clients = [.. _clients];
        }

        // Clients first: the worker ends when the ring is empty, and nothing fills it once their channels are cancelled.
        _faults.Disable();
        foreach (SvmClient client in clients)
        {
            Close(client);
        }

        _videoPages?.Dispose();
        _worker?.Dispose();
        _servicer.Dispose();
    }
}
