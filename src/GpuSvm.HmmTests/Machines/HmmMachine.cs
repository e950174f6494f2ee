namespace GpuSvm.HmmTests;

/// <summary>What a test runs on: a memory, two devices, and a process.</summary>
internal sealed class HmmMachine : IDisposable
{
    private const ulong SystemPages = 1UL << 15;

    /// <summary>Chunks of coherent memory that there is room for: one for each device, and one more after a release.</summary>
    private const ulong CoherentChunks = 3;

    private readonly SystemMemory _memory;
    private readonly List<HmmProcess> _processes = [];

    /// <summary>Makes a machine.</summary>
    /// <param name="kind">What memory the devices have.</param>
    /// <param name="seed">Where all chance comes from.</param>
    /// <param name="clock">The clock of all deadlines; the real one by default.</param>
    public HmmMachine(DevicePageKind kind, ulong seed, Clock? clock = null)
    {
        Kind = kind;
        Random = new SeededRandom(seed);
        ulong coherent = kind == DevicePageKind.Coherent ? CoherentChunks * DeviceChunk.PageCount : 0;
        _memory = new SystemMemory(SystemPages + coherent);
        Frames = new PageFrames(_memory, new PageFramesOptions { PooledFrames = SystemPages, Seed = seed });
        First = new TestDevice(Frames, kind);
        Second = new TestDevice(Frames, kind);
        Process = AddProcess(cpu => new AddressSpace(Frames, cpu, new AddressSpaceOptions { Clock = clock ?? Clock.Monotonic }));
        File = Process.Open(First);
    }

    public DevicePageKind Kind { get; }

    public SeededRandom Random { get; }

    public PageFrames Frames { get; }

    /// <summary>The device of most tests.</summary>
    public TestDevice First { get; }

    public TestDevice Second { get; }

    /// <summary>The process that runs the test.</summary>
    public HmmProcess Process { get; }

    /// <summary>The first device, as the process has opened it.</summary>
    public DeviceFile File { get; }

    /// <summary>Where a page of the first device is when the CPU has touched it: at home, unless the CPU can reach it.</summary>
    public Place TouchedPlace => Kind == DevicePageKind.Private ? Place.System : Place.FirstDevice;

    /// <summary>What a snapshot of the first device says of the place of its own pages.</summary>
    public SnapshotByte LocalByte => Kind == DevicePageKind.Private ? SnapshotByte.PrivateLocal : SnapshotByte.CoherentLocal;

    /// <summary>Ends all processes, and looks that nothing is left of them.</summary>
    public void End()
    {
        _processes.ForEach(process => process.Dispose());
        Expect.Equal(0L, First.UsedFrames + Second.UsedFrames, "pages left in devices' memory");
        Expect.Equal(0L, Frames.AllocatedFrames, "pages left in the system's memory");
    }

    public void Dispose()
    {
        _processes.ForEach(process => process.Dispose());
        if (First.UsedFrames + Second.UsedFrames == 0)
        {
            // Else the test has failed, and that is its message.
            First.Dispose();
            Second.Dispose();
        }

        Frames.Dispose();
        _memory.Dispose();
    }

    /// <summary>Where a page is, by its entry and the owner of its frame.</summary>
    public Place PlaceOf(CpuPte pte)
    {
        if (!pte.Maps)
        {
            return pte.IsNone ? Place.Nowhere : Place.Strange;
        }

        if (Frames.PagemapOf(pte.Frame) is { } pagemap)
        {
            return pte.IsDevicePrivate == (Kind == DevicePageKind.Private) ? PlaceOf(pagemap) : Place.Strange;
        }

        return
            pte.IsDeviceExclusive ? Place.Exclusive :
            pte.IsDevicePrivate ? Place.Strange :
            pte.Frame == Frames.ZeroFrame ? Place.ZeroPage : Place.System;
    }

    /// <summary>Where pages are, by what their address space says.</summary>
    public Place PlaceOf(in ResidencyRun run) => run.Location switch
    {
        PageLocation.Unmapped or PageLocation.Nowhere => Place.Nowhere,
        PageLocation.ZeroPage => Place.ZeroPage,
        PageLocation.System => Place.System,
        PageLocation.DeviceExclusive => Place.Exclusive,
        PageLocation.DevicePrivate when Kind == DevicePageKind.Private => PlaceOf(run.Device!),
        PageLocation.DeviceCoherent when Kind == DevicePageKind.Coherent => PlaceOf(run.Device!),
        _ => Place.Strange,
    };

    /// <summary>Starts a process on a CPU of its own.</summary>
    public HmmProcess AddProcess(Func<SimulatedCpu, AddressSpace> start)
    {
        var cpu = new SimulatedCpu(_memory, 2);
        var process = new HmmProcess(this, cpu, start(cpu));
        _processes.Add(process);
        return process;
    }

    private Place PlaceOf(DevicePagemap pagemap) =>
        pagemap.Owner == First ? Place.FirstDevice : pagemap.Owner == Second ? Place.SecondDevice : Place.Strange;
}
