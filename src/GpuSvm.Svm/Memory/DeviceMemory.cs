using System.Diagnostics.CodeAnalysis;

namespace GpuSvm.Svm;

/// <summary>A device's own memory, where pages of any address space may live.</summary>
/// <remarks>
/// <para>
/// Pages come by <see cref="MigrateToDevice"/>. They leave when they are unmapped, asked home (<see cref="MigrateToSystem"/>) or evicted, and
/// by touch where the CPU does not reach them; where it does (<see cref="DeviceMemoryOptions.CoherentAt"/>) it uses them as they lie there. A
/// page that has left is given back to the driver later, as it may become free under any lock of an address space.
/// </para>
/// <para>
/// Thread-safe. Locking: a device lock of its own, never held across a call of anybody else.
/// Source: Linux drivers/gpu/drm/drm_gpusvm.c, drm_pagemap.c; nouveau_dmem.c.
/// </para>
/// </remarks>
public sealed partial class DeviceMemory : IDevicePagemapOwner, IDisposable
{
    /// <summary>Most tools of a kind that are kept for the next who moves pages.</summary>
    private const int PoolLimit = 8;

    private readonly DeviceMemoryOptions _options;
    private readonly BoundedPool<MoveToDevice> _toDevicePool;
    private readonly BoundedPool<MoveToSystem> _toSystemPool;
    private readonly BoundedPool<MoveHome> _homePool;
    private readonly BoundedPool<Eviction> _evictionPool;
    private DevicePagemap? _pagemap;

    private DeviceMemory(PageFrames frames, IDmaMapper dma, IDeviceMemoryOperations operations, DeviceMemoryOptions options)
    {
        Frames = frames;
        Dma = dma;
        Operations = operations;
        _options = options;
        _policy = options.Eviction?.Invoke();
        _release = new WorkItem(Reclaim);
        _toDevicePool = new BoundedPool<MoveToDevice>(() => new MoveToDevice(this), PoolLimit);
        _toSystemPool = new BoundedPool<MoveToSystem>(() => new MoveToSystem(this), PoolLimit);
        _homePool = new BoundedPool<MoveHome>(() => new MoveHome(this), PoolLimit);
        _evictionPool = new BoundedPool<Eviction>(() => new Eviction(this), PoolLimit);
    }

    /// <summary>Whose pages of a device these are: what range faults are asked with. Devices that reach each other's memory share it.</summary>
    public object Owner => (object?)Peers ?? this;

    /// <summary>Who tells mirrors of a migration: that of the device itself passes it over, as its entries are dropped by the migration.</summary>
    public object MigrationOwner => Breaks.PeerEventSkipped ? Owner : this;

    /// <summary>The devices that reach each other's memory, if this is one of them.</summary>
    public DevicePeers? Peers => _options.Peers;

    /// <summary>The page frames.</summary>
    public DevicePagemap Pagemap => _pagemap!;

    /// <summary>Number of frames that hold pages, or are about to.</summary>
    public long UsedPages => SharedWord.Read(ref _used);

    /// <summary>What has happened so far.</summary>
    public DeviceMemoryCounters Counters => new()
    {
        PagesToDevice = SharedWord.Read(ref _toDevice),
        PagesHomeByFault = SharedWord.Read(ref _homeByFault),
        PagesHomeByRequest = SharedWord.Read(ref _recalled),
        PagesEvicted = SharedWord.Read(ref _evicted),
        CpuFaults = SharedWord.Read(ref _cpuFaults),
        PagesRaced = SharedWord.Read(ref _raced),
        FailedMoves = SharedWord.Read(ref _failedMoves),
        Allocations = SharedWord.Read(ref _allocations),
        Releases = SharedWord.Read(ref _releases),
        TimesliceRefusals = SharedWord.Read(ref _refusals),
        Evictions = SharedWord.Read(ref _evictions),
        EvictionFailures = SharedWord.Read(ref _evictionFailures),
        PeakPages = SharedWord.Read(ref _peak),
    };

    internal EventStream? Events => _options.Events;

    /// <summary>The pages that live here, as migrations choose them.</summary>
    internal MigrateSelect Select =>
        Pagemap.Kind == DevicePageKind.Private ? MigrateSelect.DevicePrivate : MigrateSelect.DeviceCoherent;

    internal PageFrames Frames { get; }

    internal IDmaMapper Dma { get; }

    internal IDeviceMemoryOperations Operations { get; }

    /// <summary>Adds a device's memory to a machine.</summary>
    /// <param name="frames">The machine's frames.</param>
    /// <param name="dma">How the device reaches them while it copies.</param>
    /// <param name="operations">The driver's part.</param>
    /// <param name="options">How the memory is used.</param>
    /// <param name="memory">The memory, in which nothing lives yet; null on failure.</param>
    /// <returns>As <see cref="PageFrames.TryAddDevice"/>, or <see cref="PageFrames.TryAddDeviceAt"/> for memory that the CPU reaches. ENOSPC, EINVAL, EOPNOTSUPP: it cannot
    /// join its <see cref="Peers"/>, who are too many, of another machine, or not linked with it.</returns>
    public static Errno TryCreate(
        PageFrames frames,
        IDmaMapper dma,
        IDeviceMemoryOperations operations,
        DeviceMemoryOptions options,
        [NotNullWhen(true)] out DeviceMemory? memory)
    {
        ArgumentNullException.ThrowIfNull(frames);
        ArgumentNullException.ThrowIfNull(dma);
        ArgumentNullException.ThrowIfNull(operations);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        memory = new DeviceMemory(frames, dma, operations, options);
        Errno error = options.CoherentAt is { } first
            ? frames.TryAddDeviceAt(first, operations.PageCount, memory, memory.Owner, out memory._pagemap)
            : frames.TryAddDevice(DevicePageKind.Private, operations.PageCount, memory, memory.Owner, out memory._pagemap);
        if (error == Errno.None && options.Peers is { } peers)
        {
            error = peers.TryJoin(memory);
            if (error != Errno.None)
            {
                frames.RemoveDevice(memory.Pagemap);
            }
        }

        memory = error == Errno.None ? memory : null;
        return error;
    }

    /// <summary>The number, in the device's memory, of the page that a frame is.</summary>
    /// <returns>False for a frame of somebody else.</returns>
    public bool TryGetDevicePage(FrameNumber frame, out ulong page)
    {
        page = unchecked(frame.Value - Pagemap.FirstFrame.Value);
        return page < Pagemap.PageCount;
    }

    /// <summary>The allocations at this moment, the oldest slots first.</summary>
    public IReadOnlyList<DeviceAllocation> Allocations
    {
        get
        {
            using (_lock.Enter())
            {
                return _zones.Allocations();
            }
        }
    }

    /// <summary>Brings the pages of an allocation home, wherever they are mapped.</summary>
    /// <returns>None when it is empty; EBUSY when a page was held by somebody at each try; ENOMEM, EIO, ETIMEDOUT when pages could not leave.</returns>
    /// <remarks>
    /// Looks at frames only, never at addresses or the mmap lock. Locking: no lock from the page locks on. Source: Linux drm_gpusvm_evict_to_ram.
    /// </remarks>
    public Errno Evict(DeviceAllocation allocation)
    {
        ArgumentNullException.ThrowIfNull(allocation);
        int before = allocation.PageCount;
        Events?.TellMigration(allocation.Range, EventCause.Eviction, EventDirection.ToSystem);
        Errno error = TryEvict(allocation);
        Events?.TellMigrationEnd(allocation.Range, before - allocation.PageCount);
        Reclaim();
        return
            allocation.PageCount == 0 ? Errno.None :
            error == Errno.None ? Errno.EBUSY : error;
    }

    private Errno TryEvict(DeviceAllocation allocation)
    {
        Eviction eviction = _evictionPool.Rent();
        Errno error = Errno.None;
        for (int i = 0; i < _options.EvictionTries && allocation.PageCount > 0 && error != Errno.ETIMEDOUT; i++)
        {
            if (i > 0)
            {
                // What is left is about to move, or to be freed.
                default(Spin).Once();
            }

            error = eviction.Run(allocation);
        }

        _evictionPool.Return(eviction);
        return error;
    }

    /// <summary>Brings all pages home.</summary>
    /// <returns>As <see cref="Evict"/>; EBUSY when the deadline passed. A copy that timed out ends it: so would all others.</returns>
    public Errno EvictAll(Deadline deadline)
    {
        var spin = default(Spin);
        while (UsedPages > 0)
        {
            Errno error = Errno.None;
            foreach (DeviceAllocation allocation in Allocations)
            {
                Errno one = Evict(allocation);
                error = error == Errno.None ? one : error;
                if (one == Errno.ETIMEDOUT)
                {
                    return one;
                }
            }

            if (error is not (Errno.None or Errno.EBUSY))
            {
                return error;
            }

            if (UsedPages > 0 && deadline.HasPassed)
            {
                return Errno.EBUSY;
            }

            // Somebody holds a page, is about to move it, or has freed it just now.
            spin.Once();
        }

        return Errno.None;
    }

    /// <inheritdoc/>
    Errno IDevicePagemapOwner.MigrateToRam(in DeviceFault fault)
    {
        if (IsRefused(fault))
        {
            return Errno.EAGAIN;
        }

        MoveHome mover = _homePool.Rent();
        Errno error = mover.Run(fault, _options.ReadAroundPages);
        _homePool.Return(mover);
        return error;
    }

    /// <inheritdoc/>
    Deadline IDevicePagemapOwner.StaysUntil(FrameNumber frame) => TimesliceEndOf(frame);

    /// <summary>True if a page that the CPU has touched stays for now.</summary>
    private bool IsRefused(in DeviceFault fault)
    {
        bool isRefused = fault.MayWait && !TimesliceEndOf(fault.Frame).HasPassed;
        if (isRefused)
        {
            SharedWord.Add(ref _refusals, 1);
        }

        return isRefused;
    }

    private Deadline TimesliceEndOf(FrameNumber frame) => _zones.Find(Pagemap.DataOf(Frames.PageOf(frame))).Allocation.TimesliceEnd;

    /// <summary>The end of a timeslice that begins now.</summary>
    internal Deadline SliceFromNow(TimeSpan slice) => slice > TimeSpan.Zero ? _options.Clock.After(slice) : default;

    /// <summary>Takes the memory from the machine. No page lives there any more; see <see cref="EvictAll"/>.</summary>
    /// <exception cref="InvalidOperationException">A page does.</exception>
    public void Dispose()
    {
        if (_pagemap is null)
        {
            return;
        }

        _options.Releases?.Flush(Clock.Monotonic.After(Deadline.Default));
        Reclaim();
        if (UsedPages == 0)
        {
            // Peers have no entry for a page that has left.
            Peers?.Leave(this);
        }

        Frames.RemoveDevice(_pagemap);
        Checks.That(_zones.Count == 0, "Every allocation is released when no page lives on the device.");
        _pagemap = null;
    }
}
