namespace GpuSvm.HmmTests;

/// <summary>What a test runs on: a memory, two devices, and a process.</summary>
internal sealed class HmmMachine : IDisposable
{
    private const ulong SystemPages = 1UL << 15;

    /// <summary>Chunks of coherent memory that there is room for: one for each device, and one more after a release.</summary>
    private const ulong CoherentChunks = 3;

    private readonly SystemMemory _memory;
    private readonly List<HmmProcess> _processes = [];

    public HmmMachine(DevicePageKind kind, ulong seed)
    {
        Kind = kind;
        Random = new SeededRandom(seed);
        ulong coherent = kind == DevicePageKind.Coherent ? CoherentChunks * DeviceChunk.PageCount : 0;
        _memory = new SystemMemory(SystemPages + coherent);
        Frames = new PageFrames(_memory, new PageFramesOptions { PooledFrames = SystemPages, Seed = seed });
        First = new TestDevice(Frames, kind);
        Second = new TestDevice(Frames, kind);
        Process = AddProcess(cpu => new AddressSpace(Frames, cpu, new AddressSpaceOptions()));
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

    /// <summary>Where a page of a process is.</summary>
    public Place PlaceOf(HmmProcess process, VirtualAddress page)
    {
        CpuPte pte = process.Space.PageTable.Read(page);
        if (!pte.Maps)
        {
            return pte.IsNone ? Place.Nowhere : Place.Strange;
        }

        if (Frames.PagemapOf(pte.Frame) is { } pagemap)
        {
            bool isRight = pte.IsDevicePrivate == (Kind == DevicePageKind.Private);
            return !isRight ? Place.Strange : pagemap.Owner == First ? Place.FirstDevice : Place.SecondDevice;
        }

        return
            pte.IsDeviceExclusive ? Place.Exclusive :
            pte.IsDevicePrivate ? Place.Strange :
            pte.Frame == Frames.ZeroFrame ? Place.ZeroPage : Place.System;
    }

    /// <summary>Starts a process on a CPU of its own.</summary>
    public HmmProcess AddProcess(Func<SimulatedCpu, AddressSpace> start)
    {
        var cpu = new SimulatedCpu(_memory, 2);
        var process = new HmmProcess(this, cpu, start(cpu));
        _processes.Add(process);
        return process;
    }
}
