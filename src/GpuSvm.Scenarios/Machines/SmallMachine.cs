using System.Globalization;

namespace GpuSvm.Scenarios;

/// <summary>One process and one GPU with very little memory: all parts are the production code, and it is made in microseconds.</summary>
/// <remarks>
/// The GPU executes on the thread that launches, and serves its faults there, unless <see cref="SmallMachineOptions"/> say otherwise.
/// Freed frames are poisoned when checks are on.
/// </remarks>
internal sealed partial class SmallMachine : IDisposable
{
    /// <summary>Address of the first of the machine's <see cref="PageCount"/> pages.</summary>
    public const ulong Address = 0x40_0000;

    /// <summary>Number of pages that are mapped.</summary>
    public const int PageCount = 3;

    /// <summary>Where <see cref="MoveFirst"/> moves the first page to.</summary>
    public const ulong MovedAddress = 0x80_0000;

    /// <summary>What the CPU has stored in the first word of each page.</summary>
    public const ulong Mark = 0x1234;

    /// <summary>What a load from a freed frame gives.</summary>
    private const ulong Poison = 0xdbdb_dbdb_dbdb_dbdb;

    private readonly SystemMemory _memory;
    private readonly PageFrames _frames;
    private readonly SoftwareGpu _gpu;
    private readonly InstancePointer _channel;
    private readonly Func<AddressSpace, GpuMirror, IMirrorStrategy> _strategy;
    private readonly List<AddressSpace> _spaces;
    private readonly DevicePagesOptions? _pagesOfOthers;
    private readonly SvmRangeOptions _ranges;
    private bool _isClosing;

    /// <summary>Makes a machine whose pages are mapped and hold the mark, and watches it.</summary>
    public SmallMachine(ScheduleRun run, SmallMachineOptions options)
    {
        _memory = new SystemMemory(32);
        _frames = new PageFrames(_memory, new PageFramesOptions());
        _gpu = new SoftwareGpu(_memory, new SoftwareGpuOptions
        {
            Sms = options.Sms,
            WarpsPerSm = 1,
            Execution = options.Execution,
            FaultBufferEntries = options.FaultBufferEntries,
            VideoMemory = ByteSize.MiB(1),
            DmaPages = 32,
            AccessCounters = options.AccessCounters,
        });
        var driver = new SvmDriverOptions
        {
            Servicing = options.Execution == ExecutionMode.Sequential ? FaultServicing.InInterrupt : FaultServicing.OnWorker,
            BatchSize = options.BatchSize,
            ReplayPolicy = options.ReplayPolicy,
            PagesPerFault = options.PagesPerFault,
            CancelScope = options.CancelScope,
            Workers = options.Workers,
            FaultsPerHelper = 1,
            Ranges = options.Ranges,
            DevicePages = options.ReadAroundPages > 0
                ? new DevicePagesOptions(_frames)
                {
                    ReadAroundPages = options.ReadAroundPages,
                    PageLimit = options.VideoPages,
                    Peers = options.Peers,
                }
                : null,
        };
        _pagesOfOthers = options.Peers is null && options.Ranges.Placement == SvmResidency.System ? null : driver.DevicePages;
        _ranges = options.Ranges;
        _strategy = options.Strategy ?? MirrorStrategies.PerFault;
        Driver = new SvmDriver(_gpu, driver with { Strategy = _strategy });
        Cpu = new SimulatedCpu(_memory, 2);
        Mm = new AddressSpace(_frames, Cpu, new AddressSpaceOptions());
        _spaces = [Mm];
        Errno error = Driver.TryOpen(Mm, new SvmClientOptions { Unmanaged = options.Unmanaged }, out SvmClient? client);
        Demand(error == Errno.None, $"A new process is joined to the GPU: {error}.");
        Client = client!;
        _channel = Driver.Join(Client).Instance;
        Replace();
        for (int page = 0; page < PageCount; page++)
        {
            Cpu.Thread(0).Store(PageAt(page), Mark);
        }

        run.DemandProgress(Deadline.Default);
        run.Invariant(CheckMirror);
        run.Invariant(CheckOwners);
        run.AtEnd(TakeDown);
    }

    public SimulatedCpu Cpu { get; }

    public AddressSpace Mm { get; }

    public SvmDriver Driver { get; }

    public SoftwareGpu Gpu => _gpu;

    public SvmClient Client { get; }

    /// <summary>What is looked at in the end, before the machine is taken down.</summary>
    public Action? LastLook { get; set; }

    /// <summary>Address of a page.</summary>
    public static VirtualAddress PageAt(int page) => Address + ((ulong)page * Page.Size);

    /// <summary>Fails the schedule unless the condition holds.</summary>
    public static void Demand(bool holds, string sentence)
    {
        if (!holds)
        {
            throw new InvariantException(sentence);
        }
    }

    /// <summary>Fails the schedule if a value cannot have been in a page: it is none of those that were stored there, nor zero.</summary>
    public static void DemandStored(string who, ulong value, ulong greatest = Mark) =>
        Demand(value <= greatest, string.Create(CultureInfo.InvariantCulture, $"{who} read 0x{value:x}{(value == Poison ? " from a freed frame" : "")}."));

    /// <summary>Maps all pages anew: what was there is unmapped in the same call.</summary>
    public void Replace()
    {
        Errno error = Mm.Map(Address, PageCount * Page.Size, Protection.ReadWrite, MapPlacement.Fixed, out _);
        Demand(error == Errno.None, $"Pages can be mapped: {error}.");
    }

    /// <summary>Unmaps the first page.</summary>
    public void UnmapFirst() => Unmap(0);

    /// <summary>Unmaps a page.</summary>
    public void Unmap(int page)
    {
        Errno error = Mm.Unmap(PageAt(page), Page.Size);
        Demand(error == Errno.None, $"A page can be unmapped: {error}.");
    }

    /// <summary>Runs a kernel to its end on the calling thread's time.</summary>
    /// <param name="run">The schedule.</param>
    /// <param name="kernel">The kernel.</param>
    /// <param name="args">Its arguments.</param>
    /// <param name="blocks">Number of blocks.</param>
    /// <param name="threads">Number of threads of a block.</param>
    /// <param name="mayEnd">Errors that an access may end with; any other fails the schedule.</param>
    public void Launch<TArgs>(ScheduleRun run, GpuKernel<TArgs> kernel, TArgs args, int blocks, int threads, params ReadOnlySpan<Errno> mayEnd)
        where TArgs : unmanaged
    {
        Launch(run, _gpu.LaunchAsync(_channel, kernel, blocks, threads, args), mayEnd);
    }

    private static void Launch(ScheduleRun run, Task<LaunchResult> task, ReadOnlySpan<Errno> mayEnd)
    {
        run.Await(task);
        LaunchResult result = task.GetAwaiter().GetResult();
        if (result.Exception is { } thrown)
        {
            throw new InvariantException(thrown.Message);
        }

        bool isExpected = result.Succeeded || (result.Fault is { } fault && mayEnd.Contains(fault.Error));
        Demand(isExpected, $"The launch ended as {result.Status}: {result.Fault}");
    }

    /// <summary>Has the driver move the first pages to other frames, as many as can be had.</summary>
    public void Migrate(int pages)
    {
        MigrationResult result = Driver.Migrate(Client, AddressRange.FromLength(Address, (ulong)pages * Page.Size));
        Demand(result.Error == Errno.None, $"Mapped pages can be moved: {result.Error}.");
    }

    /// <summary>Has the driver move the first pages to the GPU's memory, as far as they can be had.</summary>
    public void Bind(int pages)
    {
        BindResult result = Driver.Bind(Client, BindRequest.Migrate(Address, PageAt(pages)));
        Demand(result.Error == Errno.None, $"Mapped pages can be moved to the GPU: {result.Error}.");
    }

    /// <summary>Has the driver move a page to the GPU's memory.</summary>
    /// <returns>False when it could not be had, or there is no room, as what is there is held by somebody.</returns>
    public bool TryBind(int page)
    {
        BindResult result = Driver.Bind(Client, BindRequest.Migrate(PageAt(page), PageAt(page + 1)));
        Demand(result.Error is Errno.None or Errno.ENOMEM, $"A page moves to the GPU, or finds no room: {result.Error}.");
        return result.Pages == 1;
    }

    /// <summary>Says something of a page.</summary>
    public void Advise(int page, MemoryAdvice advice)
    {
        Errno error = Driver.TryAdvise(Client, AddressRange.PageAt(PageAt(page)), advice);
        Demand(error == Errno.None, $"What is mapped can be advised: {error}.");
    }

    /// <summary>Unmaps the last page.</summary>
    public void UnmapLast() => Unmap(PageCount - 1);

    /// <summary>Makes a child of the process, which has no part in the GPU.</summary>
    public CpuThread Fork()
    {
        var cpu = new SimulatedCpu(_memory, 1);
        _mappings = 2;
        Errno error = Mm.TryFork(cpu, null, out AddressSpace? child);
        Demand(error == Errno.None, $"A process can fork: {error}.");
        _spaces.Add(child!);
        return cpu.Thread(0);
    }

    /// <summary>Moves the bytes of the first page to another address; the page reads as zero then.</summary>
    public void MoveFirst()
    {
        const RemapFlags Flags = RemapFlags.MayMove | RemapFlags.DontUnmap;
        Errno error = Mm.Remap(Address, Page.Size, Page.Size, Flags, MovedAddress, out VirtualAddress moved);
        Demand((error, moved) == (Errno.None, (VirtualAddress)MovedAddress), $"A page can be moved: {error}, to {moved}.");
    }

    /// <summary>Parts process and GPU.</summary>
    public void Close()
    {
        _isClosing = true;
        Driver.Close(Client);
    }

    /// <summary>Ends the process and the GPU, and looks whether anything is left.</summary>
    public void TakeDown()
    {
        LastLook?.Invoke();
        CheckOwnersAtRest();
        Close();
        _others.ForEach(other => other.TakeDown());
        _spaces.ForEach(space => space.Dispose());
        Driver.Dispose();
        Demand(_frames.AllocatedFrames == 0, $"{_frames.AllocatedFrames} frames are left at the end.");
        Demand(_gpu.DmaMapper.MappedPages == 0, $"{_gpu.DmaMapper.MappedPages} DMA mappings are left at the end.");
        Demand(_gpu.VideoMemory.AllocatedPages == 0, $"{_gpu.VideoMemory.AllocatedPages} pages of video memory are left at the end.");
        Demand(_gpu.VideoMemory.AllocatedBytes == 0, $"{_gpu.VideoMemory.AllocatedBytes} bytes of page tables are left at the end.");
        Demand(Mm.Notifiers.Count == 0, $"{Mm.Notifiers.Count} notifiers are left at the end.");
        Demand(Mm.Notifiers.Sequence % 2 == 0, "The sequence is even at the end.");
    }

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        _gpu.Dispose();
        _others.ForEach(other => other.Dispose());
        _frames.Dispose();
        _memory.Dispose();
    }

    /// <summary>While nothing is invalidated the sequence is even, and the GPU may do no more with a page than the CPU's entry says.</summary>
    private void CheckMirror()
    {
        bool isFrozen = Mm.Notifiers.Sequence % 2 != 0;
        if (Mm.Notifiers.ActiveInvalidations > 0)
        {
            return;
        }

        Demand(!isFrozen, "The sequence is odd only while an invalidation runs.");
        CheckMirror(Client.Mirror);
        _others.ForEach(other => CheckMirror(other.Client.Mirror));
    }

    private void CheckMirror(GpuMirror mirror)
    {
        for (int page = 0; page < PageCount && !_isClosing; page++)
        {
            CpuPte entry = Mm.PageTable.Read(PageAt(page));

            // Its driver skips the event of a page that it moves, and drops the GPU's entry a moment later.
            Demand(
                entry.IsPresent || entry.IsDevicePrivate || entry.IsMigration || entry.IsDeviceExclusive || !mirror.Grants(PageAt(page), TranslationRights.Read),
                "The GPU's table holds no page that the CPU's does not hold.");
            Demand(
                (entry.KeptRights & Protection.Write) != 0 || !mirror.Grants(PageAt(page), TranslationRights.Write),
                "The GPU may not write a page that the CPU may not write.");
        }
    }
}
