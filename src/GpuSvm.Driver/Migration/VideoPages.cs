using System.Runtime.InteropServices;

namespace GpuSvm.Driver;

/// <summary>Pages of clients in the GPU's own memory: what the GPU does for them, and what the driver knows of them.</summary>
/// <remarks>
/// Called with locks of address spaces held, by the CPU's faults, too: takes device locks and update locks only. Who may come and go
/// meanwhile is a client; so the list of clients is replaced as a whole, and a mirror that has ended has no entries to drop.
/// </remarks>
internal sealed partial class VideoPages : IDevicePages, IDeviceMemoryOperations, IDisposable
{
    /// <summary>Most lists of copies that are kept for the next migration.</summary>
    private const int CommandListLimit = 8;

    private readonly IGpu _gpu;
    private readonly DevicePagesOptions _options;
    private readonly SvmDriverOptions _driver;
    private readonly BoundedPool<List<CopyCommand>> _commands = new(static () => [], CommandListLimit);
    private SvmClient[] _clients = [];
    private UseReports? _uses;

    private VideoPages(IGpu gpu, DevicePagesOptions options, SvmDriverOptions driver)
    {
        _gpu = gpu;
        _options = options;
        _driver = driver;
    }

    /// <inheritdoc/>
    public object Owner => Memory.Owner;

    /// <inheritdoc/>
    public ulong PageCount => _gpu.VideoMemory.PageCount;

    /// <summary>The memory.</summary>
    public DeviceMemory Memory { get; private set; } = null!;

    /// <summary>Adds a GPU's memory to a machine.</summary>
    /// <param name="gpu">The GPU.</param>
    /// <param name="options">The machine, and how the memory is used.</param>
    /// <param name="driver">The driver's options.</param>
    /// <param name="releases">Where pages that have become free are given back; null to do so when memory is asked for next.</param>
    /// <exception cref="SvmException">The machine has no room for one more device, or its frames are not the GPU's to take.</exception>
    /// <exception cref="ArgumentException">The CPU is to reach the memory, and does not.</exception>
    public static VideoPages Create(IGpu gpu, DevicePagesOptions options, SvmDriverOptions driver, WorkQueue? releases)
    {
        var pages = new VideoPages(gpu, options, driver);
        var memoryOptions = new DeviceMemoryOptions
        {
            Peers = options.Peers,
            CoherentAt = options.Kind == DevicePageKind.Coherent ? FirstFrameOf(gpu) : null,
            ReadAroundPages = options.ReadAroundPages,
            PageLimit = options.PageLimitOf(gpu.VideoMemory.PageCount),
            Eviction = options.Eviction,
            Clock = driver.Clock,
            Releases = releases,
            Events = driver.Events,
        };
        Errno error = DeviceMemory.TryCreate(options.Frames, gpu.DmaMapper, pages, memoryOptions, out DeviceMemory? memory);
        pages.Memory = error == Errno.None ? memory! : throw new SvmException(error, "The GPU's memory could not be added to the machine.");
        pages.ListenToCounters(releases);
        return pages;
    }

    /// <summary>The memory, if pages of an address space may live there: its frames are those of the machine.</summary>
    public DeviceMemory? MemoryFor(AddressSpace mm) => mm.Frames == _options.Frames ? Memory : null;

    /// <summary>A client's pages may live here from now on, if its frames are those of the machine. Under the SVM lock.</summary>
    public void Add(SvmClient client)
    {
        if (MemoryFor(client.Mm) is not null)
        {
            client.DevicePages = this;
            client.Mirror.DeviceOwner = Memory.MigrationOwner;
            client.Mirror.Duplicates = new DuplicateTable(this);
            SharedWord.Write(ref _clients, [.. _clients, client]);
        }
    }

    /// <summary>A client ends: no access of its channels runs any more. Its pages stay where they are. Under the SVM lock.</summary>
    public void Remove(SvmClient client) => SharedWord.Write(ref _clients, [.. _clients.Where(other => other != client)]);

    /// <inheritdoc/>
    public bool TryGetVideoAddress(FrameNumber frame, out ulong address)
    {
        bool isOwn = Memory.TryGetDevicePage(frame, out ulong page);
        address = isOwn ? page << Page.Shift : 0;
        return isOwn;
    }

    /// <inheritdoc/>
    public void Touched(FrameNumber frame) => (Memory.Peers?.Find(frame, out _, out _) ?? Memory).Touched(frame);

    /// <inheritdoc/>
    public bool TryGetPeerAddress(FrameNumber frame, out int peer, out ulong address)
    {
        peer = 0;
        ulong page = 0;
        DeviceMemory? other = Memory.Peers?.Find(frame, out peer, out page);
        address = page << Page.Shift;
        return other is not null && other != Memory;
    }

    /// <inheritdoc/>
    public PeerLink PeerLink => Memory.Peers?.Link ?? PeerLink.LoadsAndStores;

    /// <inheritdoc/>
    public Errno ConnectPeer(int number, IDeviceMemoryOperations peer) =>
        peer is VideoPages other ? _gpu.ConnectPeer(number, other._gpu.VideoMemory) : Errno.EOPNOTSUPP;

    /// <inheritdoc/>
    public void DisconnectPeer(int number) => _gpu.DisconnectPeer(number);

    /// <inheritdoc/>
    public Errno TryPopulate(int order, out ulong firstPage) => _gpu.VideoMemory.TryAllocatePages(order, out firstPage);

    /// <inheritdoc/>
    public DeviceMigrationResult MoveToDevice(AddressSpace space, AddressRange range) => Memory.MigrateToDevice(space, range);

    /// <inheritdoc/>
    public DeviceMigrationResult MoveHome(AddressSpace space, AddressRange range) => Memory.MigrateToSystem(space, range);

    /// <inheritdoc/>
    public DeviceMigrationResult CallHome(AddressSpace space, AddressRange range, FrameNumber frame) =>
        (Memory.Peers?.Find(frame, out _, out _) ?? Memory).MigrateToSystem(space, range);

    /// <inheritdoc/>
    public void ReportUses() => _uses?.Read();

    /// <inheritdoc/>
    public void Release(ulong firstPage, int order) => _gpu.VideoMemory.FreePages(firstPage, order);

    /// <inheritdoc/>
    public Errno CopyToDevice(ReadOnlySpan<DeviceCopy> copies)
    {
        List<CopyCommand> commands = _commands.Rent();
        foreach (ref readonly DeviceCopy copy in copies)
        {
            CopyOperand device = OperandOf(copy);
            commands.Add(copy.System is { } system
                ? CopyCommand.Copy(CopyOperand.System(system), device, BytesOf(copy))
                : CopyCommand.Clear(device, BytesOf(copy)));
        }

        return Run(commands);
    }

    /// <inheritdoc/>
    public Errno CopyToSystem(ReadOnlySpan<DeviceCopy> copies)
    {
        List<CopyCommand> commands = _commands.Rent();
        foreach (ref readonly DeviceCopy copy in copies)
        {
            commands.Add(CopyCommand.Copy(OperandOf(copy), CopyOperand.System(copy.System!.Value), BytesOf(copy)));
        }

        return Run(commands);
    }

    /// <inheritdoc/>
    public void DropEntries(AddressSpace space, AddressRange range)
    {
        foreach (SvmClient client in SharedWord.Read(ref _clients))
        {
            // Ranges do not pass over the event: they have dropped them.
            if (client.Mm == space && client.Ranges is null)
            {
                client.Mirror.DropOwn(range);
            }
        }
    }

    /// <summary>Brings all pages home that can leave.</summary>
    /// <returns>As <see cref="DeviceMemory.EvictAll"/>.</returns>
    public Errno SendHome() => Memory.EvictAll(_driver.Clock.After(_driver.Timeout));

    /// <summary>Brings all pages home and takes the memory from the machine. No client is left.</summary>
    /// <exception cref="InvariantException">Checks are on, and a page could not be brought home though there is memory for it.</exception>
    /// <remarks>Where a page does not come home the memory stays.</remarks>
    public void Dispose()
    {
        _gpu.AccessCounters?.SetInterrupt(null);
        Errno error = SendHome();
        Checks.That(error is Errno.None or Errno.ENOMEM, $"Every page comes home when the driver ends, but {Memory.UsedPages} do not: {error}.");
        if (error == Errno.None)
        {
            Memory.Dispose();
        }
    }

    private void ListenToCounters(WorkQueue? worker)
    {
        if (_gpu.AccessCounters is { } counters)
        {
            var uses = new UseReports(counters, Memory);
            var work = new WorkItem(uses.Read);
            counters.SetInterrupt(worker is null ? uses.Read : () => worker.Enqueue(work));
            _uses = uses;
        }
    }

    private static FrameNumber FirstFrameOf(IGpu gpu) =>
        gpu.VideoMemory.FirstFrame ?? throw new ArgumentException("The CPU does not reach the GPU's memory.", nameof(gpu));

    private static CopyOperand OperandOf(in DeviceCopy copy) => CopyOperand.Video(copy.DevicePage << Page.Shift);

    private static ulong BytesOf(in DeviceCopy copy) => (ulong)copy.Pages << Page.Shift;

    private Errno Run(List<CopyCommand> commands)
    {
        long fence = _gpu.CopyEngine.Submit(CollectionsMarshal.AsSpan(commands));
        commands.Clear();
        _commands.Return(commands);
        return Breaks.FenceNotWaitedFor ? Errno.None : _gpu.CopyEngine.Wait(fence, _driver.Clock.After(_options.CopyTimeout));
    }
}
