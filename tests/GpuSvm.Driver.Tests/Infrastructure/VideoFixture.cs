namespace GpuSvm.Driver.Tests.Infrastructure;

/// <summary>A process and a GPU that executes, with memory of its own in which pages may live. Nothing is left at the end.</summary>
internal sealed class VideoFixture : IDisposable
{
    private const ulong Base = 0x20_0000_0000;

    private const ulong SystemFrames = 4096;

    private readonly SystemMemory _memory;
    private readonly List<(AddressSpace Mm, SvmClient Client)> _others = [];
    private int _allocationsLeft = -1;

    public VideoFixture(
        SvmDriverOptions? options = null,
        ByteSize? videoMemory = null,
        int readAround = 4,
        TimeSpan? copyTimeout = null,
        SvmClientOptions? client = null,
        DevicePageKind kind = DevicePageKind.Private,
        ulong? pageLimit = null,
        AccessCounterOptions? counters = null,
        Func<VideoAllocation, bool>? gate = null,
        ExecutionMode execution = ExecutionMode.Sequential,
        FailureSites? sites = null)
    {
        ByteSize size = videoMemory ?? ByteSize.MiB(16);
        FrameNumber? coherentAt = kind == DevicePageKind.Coherent ? new FrameNumber(SystemFrames) : null;
        _memory = new SystemMemory(SystemFrames + (coherentAt is null ? 0 : Page.Count(size.Bytes)));
        Gpu = new SoftwareGpu(_memory, new SoftwareGpuOptions
        {
            Seed = 5,
            Sms = execution == ExecutionMode.Parallel ? 4 : 1,
            Execution = execution,
            VideoMemory = size,
            CoherentAt = coherentAt,
            Events = options?.Events,
            AccessCounters = counters,
            AllocationGate = sites is null ? gate : sites.May,
        });
        Frames = new PageFrames(_memory, new PageFramesOptions
        {
            Seed = 3,
            PooledFrames = SystemFrames,
            AllocationGate = () =>
                (sites?.May(FailureSite.Frame) ?? true) && (_allocationsLeft < 0 || (_allocationsLeft > 0 && _allocationsLeft-- > 0)),
        });
        Cpu = new SimulatedCpu(_memory, 1);
        Mm = new AddressSpace(Frames, Cpu, new AddressSpaceOptions { Seed = 3 });
        options ??= new SvmDriverOptions();
        Driver = new SvmDriver(sites is null ? Gpu : new FailingGpu(Gpu, sites), options with
        {
            Ranges = sites is null ? options.Ranges : options.Ranges with { AllocationGate = () => sites.May(FailureSite.Range) },
            Servicing = execution == ExecutionMode.Parallel ? FaultServicing.OnWorker : FaultServicing.InInterrupt,
            DevicePages = new DevicePagesOptions(Frames)
            {
                Kind = kind,
                PageLimit = pageLimit,
                ReadAroundPages = readAround,
                CopyTimeout = copyTimeout ?? Deadline.Default,
            },
        });
        Assert.Equal(Errno.None, Driver.TryOpen(Mm, client ?? new SvmClientOptions(), out SvmClient? opened));
        Client = opened!;
    }

    public SoftwareGpu Gpu { get; }

    public PageFrames Frames { get; }

    public SimulatedCpu Cpu { get; }

    public AddressSpace Mm { get; }

    /// <summary>The process and its children.</summary>
    public IEnumerable<AddressSpace> Spaces => [Mm, .. _others.Select(static other => other.Mm)];

    public SvmDriver Driver { get; }

    public SvmClient Client { get; }

    public DeviceMemory Memory => Driver.DeviceMemory!;

    public static ulong At(int page) => Base + ((ulong)page * Page.Size);

    public static AddressRange Pages(int first, int count) => AddressRange.FromLength(At(first), (ulong)count * Page.Size);

    /// <summary>Maps pages and writes the number of each, from 1 on, to the first of them.</summary>
    public void Map(int first, int pages, int written = int.MaxValue, Protection protection = Protection.ReadWrite)
    {
        Assert.Equal(Errno.None, Mm.Map(At(first), (ulong)pages * Page.Size, protection, MapPlacement.FixedNoReplace, out _));
        for (int page = first; page < first + Math.Min(pages, written); page++)
        {
            Cpu.Thread(0).Store(At(page), (long)page + 1);
        }
    }

    /// <summary>Which allocation of a frame from now on fails, with all behind it; 0 for none.</summary>
    public void FailAllocations(int from) => _allocationsLeft = from - 1;

    public BindResult Bind(int first, int count) => Driver.Bind(Client, BindRequest.Migrate(At(first), At(first + count)));

    public long Read(int page) => Cpu.Thread(0).Load<long>(At(page));

    /// <summary>Where pages are, a letter each: V in video memory, C there and in reach of the CPU, S in the system's, X there for the GPU alone, - nowhere yet, . not mapped.</summary>
    public string Where(int first, int count) => Where(Mm, first, count);

    public static string Where(AddressSpace mm, int first, int count) => string.Concat(
        mm.Residency(Pages(first, count)).Select(run => new string(
            run.Location switch
            {
                PageLocation.DevicePrivate => 'V',
                PageLocation.DeviceCoherent => 'C',
                PageLocation.DeviceExclusive => 'X',
                PageLocation.System => 'S',
                PageLocation.ZeroPage => '0',
                PageLocation.Nowhere => '-',
                PageLocation.Unmapped => '.',
                _ => '?',
            },
            (int)run.Range.PageCount)));

    /// <summary>Has the GPU add 100 to the first word of some pages, atomically or not.</summary>
    public LaunchResult Add(int first, int count, bool atomically) => Add(Client, first, count, atomically);

    public LaunchResult Add(SvmClient client, int first, int count, bool atomically)
    {
        Channel channel = Driver.Join(client);
        var args = new AddArgs(At(first), count);
        LaunchResult result = atomically
            ? Gpu.LaunchAsync(channel.Instance, AddAtomically, 1, 1, args).GetAwaiter().GetResult()
            : Gpu.LaunchAsync(channel.Instance, AddPlainly, 1, 1, args).GetAwaiter().GetResult();
        Driver.Part(channel);
        return result;
    }

    /// <summary>Has the GPU add up the first words of some pages, and store the sum in the second word of another page.</summary>
    /// <returns>The sum.</returns>
    public long Sum(int first, int count, int into)
    {
        Channel channel = Driver.Join(Client);
        ulong result = At(into) + sizeof(long);
        Gpu.LaunchAsync(channel.Instance, AddUp, 1, 1, new SumArgs(At(first), count, result)).GetAwaiter().GetResult().ThrowIfFailed();
        Driver.Part(channel);
        return Cpu.Thread(0).Load<long>(result);
    }

    /// <summary>A child with the same memory, joined to the GPU.</summary>
    public SvmClient Fork(out CpuThread cpu)
    {
        var simulated = new SimulatedCpu(_memory, 1);
        Assert.Equal(Errno.None, Mm.TryFork(simulated, null, out AddressSpace? child));
        Assert.Equal(Errno.None, Driver.TryOpen(child!, out SvmClient? client));
        _others.Add((child!, client!));
        cpu = simulated.Thread(0);
        return client!;
    }

    public void Dispose()
    {
        Driver.Dispose();
        _others.ForEach(other => other.Mm.Dispose());
        Mm.Dispose();
        Assert.Equal((0L, 0L), (Frames.AllocatedFrames, Gpu.DmaMapper.MappedPages));
        Assert.Equal((0L, 0L), (Gpu.VideoMemory.AllocatedBytes, Gpu.VideoMemory.AllocatedPages));
        Assert.Equal(0, HeldLocks.Count);
        Gpu.Dispose();
        Frames.Dispose();
        _memory.Dispose();
    }

    private static async GpuTask AddAtomically(GpuThread t, AddArgs a)
    {
        for (int i = 0; i < a.Count; i++)
        {
            await t.AtomicAdd(a.First + ((ulong)i * Page.Size), 100L);
        }
    }

    private static async GpuTask AddPlainly(GpuThread t, AddArgs a)
    {
        for (int i = 0; i < a.Count; i++)
        {
            VirtualAddress at = a.First + ((ulong)i * Page.Size);
            await t.Store(at, await t.Load<long>(at) + 100);
        }
    }

    private static async GpuTask AddUp(GpuThread t, SumArgs a)
    {
        long sum = 0;
        for (int i = 0; i < a.Count; i++)
        {
            sum += await t.Load<long>(a.First + ((ulong)i * Page.Size));
        }

        await t.Store(a.Result, sum);
    }

    private readonly record struct SumArgs(VirtualAddress First, int Count, VirtualAddress Result);

    private readonly record struct AddArgs(VirtualAddress First, int Count);
}
