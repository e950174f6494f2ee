using System.Diagnostics.CodeAnalysis;

namespace GpuSvm.Driver;

/// <summary>Shares the memory of processes with one GPU: joins their channels, serves the GPU's faults, follows their changes.</summary>
/// <remarks>
/// Locking: the SVM lock is shared while a batch is served and exclusive while clients and channels come and go, so that nothing found in
/// the tables is taken away under a fault. Source: struct nouveau_svm of nouveau_svm.c.
/// </remarks>
public sealed class SvmDriver : IDisposable
{
    private readonly IGpu _gpu;
    private readonly SvmDriverOptions _options;
    private readonly RankedSharedLock _svmLock = new(LockRank.DriverSvm);
    private readonly ChannelTable _channels = new();
    private readonly List<SvmClient> _clients = [];
    private readonly FaultServicer _servicer;
    private readonly WorkItem _service;
    private readonly WorkQueue? _worker;
    private readonly RankedLock _servicing = new(LockRank.FaultServicing);
    private long _invalidationsOfClosed;
    private bool _disposed;

    /// <summary>Takes a GPU over and starts to serve its faults.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option lies out of its range.</exception>
    public SvmDriver(IGpu gpu, SvmDriverOptions options)
    {
        ArgumentNullException.ThrowIfNull(gpu);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _gpu = gpu;
        _options = options;
        _servicer = new FaultServicer(gpu, _svmLock, _channels, options);
        _service = new WorkItem(ServiceFaults);
        _worker = options.Servicing == FaultServicing.OnWorker ? new WorkQueue("svm fault servicer") : null;
        gpu.SetFaultInterrupt(_worker is { } worker ? () => worker.Enqueue(_service) : ServiceFaults);
    }

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

    /// <summary>Starts to mirror an address space.</summary>
    /// <param name="mm">The process's address space.</param>
    /// <param name="client">The mirror, in case of success.</param>
    /// <returns><see cref="Errno.None"/>; <see cref="Errno.EBUSY"/> when it is mirrored already; <see cref="Errno.ENOMEM"/>.</returns>
    public Errno TryOpen(AddressSpace mm, [NotNullWhen(true)] out SvmClient? client) => TryOpen(mm, new SvmClientOptions(), out client);

    /// <summary>Starts to mirror an address space.</summary>
    /// <param name="mm">The process's address space.</param>
    /// <param name="options">How.</param>
    /// <param name="client">The mirror, in case of success.</param>
    /// <returns>
    /// <see cref="Errno.None"/>; <see cref="Errno.EBUSY"/> when it is mirrored already; <see cref="Errno.ENOMEM"/>;
    /// <see cref="Errno.EINVAL"/> for a window that is not made of whole pages or reaches beyond what the GPU can translate.
    /// </returns>
    public Errno TryOpen(AddressSpace mm, SvmClientOptions options, [NotNullWhen(true)] out SvmClient? client)
    {
        ArgumentNullException.ThrowIfNull(mm);
        ArgumentNullException.ThrowIfNull(options);
        client = null;
        using (_svmLock.EnterExclusive())
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_clients.Exists(other => other.Mm == mm))
            {
                return Errno.EBUSY;
            }

            Errno error = GpuAddressSpace.TryCreate(_gpu.PageTableMemory, _gpu.DmaMapper, _gpu, out GpuAddressSpace? space);
            if (error != Errno.None)
            {
                return error;
            }

            if (!options.Unmanaged.IsPageAligned || !space!.Bounds.Contains(options.Unmanaged))
            {
                space!.Dispose();
                return Errno.EINVAL;
            }

            var mirror = new GpuMirror(space, options.Unmanaged, workers: 1);
            IMirrorStrategy strategy = _options.Strategy(mm, mirror);
            var resolver = new FaultResolver(mm, mirror, strategy, _servicer.Counters, _options);
            client = new SvmClient(mm, space, mirror, strategy, resolver);
            _clients.Add(client);
            return Errno.None;
        }
    }

    /// <summary>Ends a mirror: its channels part, its faults are dropped, its page table is freed.</summary>
    /// <remarks>Waits for the batch that is being served and for invalidations that run. Idempotent.</remarks>
    public void Close(SvmClient client)
    {
        ArgumentNullException.ThrowIfNull(client);
        using (_svmLock.EnterExclusive())
        {
            if (client.IsDisposed)
            {
                return;
            }

            foreach (Channel channel in _channels.Of(client).ToArray())
            {
                _gpu.Cancel(channel.Instance, new GpuFaultReport(0, FaultAccess.Read, "the process has ended", Errno.ECANCELED));
                PartLocked(channel);
            }

            _clients.Remove(client);
            _invalidationsOfClosed += client.Mirror.Invalidations;
            client.Close();
        }
    }

    /// <summary>Makes a channel for a client and binds it to the client's page table.</summary>
    /// <exception cref="ObjectDisposedException">The client is closed.</exception>
    public Channel Join(SvmClient client)
    {
        ArgumentNullException.ThrowIfNull(client);
        using (_svmLock.EnterExclusive())
        {
            ObjectDisposedException.ThrowIf(client.IsDisposed, client);
            Channel channel = _channels.Add(client);
            Errno error = _gpu.BindInstance(channel.Instance, client.Root);
            Checks.That(error == Errno.None, "An instance pointer is bound once.");
            return channel;
        }
    }

    /// <summary>Takes a channel away; no access of it runs when this returns. A channel that has parted already is ignored.</summary>
    public void Part(Channel channel)
    {
        ArgumentNullException.ThrowIfNull(channel);
        using (_svmLock.EnterExclusive())
        {
            PartLocked(channel);
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
            return new PageMigrator(client.Mm, client.Mirror).Run(range);
        }
    }

    /// <summary>Serves every fault that the ring holds; called by the interrupt.</summary>
    /// <remarks>Calls from several threads take turns.</remarks>
    public void ServiceFaults()
    {
        using (_servicing.Enter())
        {
            while (!_servicer.Service())
            {
                // The limit of one call was reached with faults left; nothing else waits for this thread.
            }
        }
    }

    /// <summary>Stops serving faults and closes every client; the GPU stays. Channels may still part afterwards.</summary>
    public void Dispose()
    {
        SvmClient[] clients;
        using (_svmLock.EnterExclusive())
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            clients = [.. _clients];
        }

        // Clients first: the worker ends when the ring is empty, and nothing fills it once their channels are cancelled.
        _gpu.SetFaultInterrupt(null);
        foreach (SvmClient client in clients)
        {
            Close(client);
        }

        _worker?.Dispose();
    }

    private void PartLocked(Channel channel)
    {
        if (_channels.Remove(channel))
        {
            _gpu.UnbindInstance(channel.Instance);
            _servicer.Forget(channel.Instance);
        }
    }
}
