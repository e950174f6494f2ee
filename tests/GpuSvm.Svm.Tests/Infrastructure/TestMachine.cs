namespace GpuSvm.Svm.Tests.Infrastructure;

/// <summary>A process with one CPU thread, and a device with memory of its own. Nothing of either is left on disposal.</summary>
internal sealed class TestMachine : IDisposable
{
    public const ulong Base = 0x10_0000_0000;

    private const ulong SystemFrames = 4096;

    private readonly SystemMemory _memory;
    private readonly SimulatedCpu _cpu;
    private readonly List<AddressSpace> _children = [];
    private int _allocationsLeft = -1;

    public TestMachine(
        ulong devicePages = 1024,
        DeviceMemoryOptions? options = null,
        AddressSpaceOptions? space = null,
        DevicePageKind kind = DevicePageKind.Private)
    {
        FrameNumber? coherentAt = kind == DevicePageKind.Coherent ? new FrameNumber(SystemFrames) : null;
        options = (options ?? new DeviceMemoryOptions()) with { CoherentAt = coherentAt };
        _memory = new SystemMemory(SystemFrames + (coherentAt is null ? 0 : devicePages));
        Frames = new PageFrames(_memory, new PageFramesOptions { PooledFrames = SystemFrames, AllocationGate = () => _allocationsLeft < 0 || (_allocationsLeft > 0 && _allocationsLeft-- > 0) });
        _cpu = new SimulatedCpu(_memory, 2);
        Mm = new AddressSpace(Frames, _cpu, space ?? new AddressSpaceOptions());
        Device = new TestDevice(_memory, devicePages, coherentAt);
        Assert.Equal(Errno.None, DeviceMemory.TryCreate(Frames, Device, Device, options, out DeviceMemory? memory));
        Memory = memory!;
    }

    public PageFrames Frames { get; }

    public AddressSpace Mm { get; }

    public TestDevice Device { get; }

    public DeviceMemory Memory { get; }

    public CpuThread Cpu => _cpu.Thread(0);

    public CpuThread OtherCpu => _cpu.Thread(1);

    /// <summary>Which allocation of a frame from now on fails, and each after it: 1 for the next; 0 for none.</summary>
    public void FailAllocations(int from) => _allocationsLeft = from - 1;

    public static AddressRange Pages(int first, int count) => AddressRange.FromLength(Base + ((ulong)first * Page.Size), (ulong)count * Page.Size);

    public void Map(int pages, Protection protection = Protection.ReadWrite) => MapAt(0, pages, protection);

    public void MapAt(int first, int pages, Protection protection = Protection.ReadWrite) =>
        Assert.Equal(Errno.None, Mm.Map(Pages(first, 1).Start, (ulong)pages * Page.Size, protection, MapPlacement.FixedNoReplace, out _));

    /// <summary>Writes the number of each page, and one more than that of the last.</summary>
    public void Write(int first, int count)
    {
        for (int i = first; i < first + count; i++)
        {
            Cpu.Store(AddressOf(i), (long)i + 1);
        }
    }

    public long Read(int page) => Cpu.Load<long>(AddressOf(page));

    public static ulong AddressOf(int page) => Pages(page, 1).Start;

    public DeviceMigrationResult ToDevice(int first, int count) => Memory.MigrateToDevice(Mm, Pages(first, count));

    /// <summary>The device reports that it has used a page.</summary>
    public void Touch(int page) => Memory.Touched(Mm.PageTable.Read(AddressOf(page)).Frame);

    /// <summary>Where pages are, a letter each: D on the device, C there and in reach of the CPU, S in system memory, - nowhere yet, . not mapped.</summary>
    public string Where(int first, int count) => Where(Mm, first, count);

    public static string Where(AddressSpace mm, int first, int count) => string.Concat(
        mm.Residency(Pages(first, count)).Select(run => new string(LetterOf(run.Location), (int)run.Range.PageCount)));

    public AddressSpace Fork(out CpuThread cpu)
    {
        var simulated = new SimulatedCpu(_memory, 1);
        Assert.Equal(Errno.None, Mm.TryFork(simulated, null, out AddressSpace? child));
        _children.Add(child!);
        cpu = simulated.Thread(0);
        return child!;
    }

    public void Dispose()
    {
        _children.ForEach(child => child.Dispose());
        Mm.Dispose();
        Memory.Dispose();
        Assert.Equal((0, 0), (Frames.AllocatedFrames, Device.MappedPages));
        Assert.Equal(Device.PageCount, Device.FreePages);
        Frames.Dispose();
        _memory.Dispose();
    }

    private static char LetterOf(PageLocation location) => location switch
    {
        PageLocation.DevicePrivate => 'D',
        PageLocation.DeviceCoherent => 'C',
        PageLocation.System => 'S',
        PageLocation.ZeroPage => '0',
        PageLocation.Nowhere => '-',
        PageLocation.Unmapped => '.',
        _ => '?',
    };
}
