namespace GpuSvm.Mm.Tests;

/// <summary>A small machine with one process; on disposal every frame must be back.</summary>
internal sealed class TestMachine : IDisposable
{
    public const ulong PageSize = Page.Size;
    private readonly List<TestProcess> _others = [];

    public TestMachine(
        ulong frames = 4096,
        ulong seed = 1,
        int threads = 2,
        Func<bool>? gate = null,
        ulong limit = 0,
        AddressSpaceOptions? options = null,
        ulong pooled = 0)
    {
        Memory = new SystemMemory(frames);
        Frames = new PageFrames(Memory, new PageFramesOptions { Seed = seed, AllocationGate = gate, LimitFrames = limit, PooledFrames = pooled });
        Cpu = new SimulatedCpu(Memory, threads);
        Mm = new AddressSpace(Frames, Cpu, options ?? new AddressSpaceOptions());
    }

    public SystemMemory Memory { get; }

    public PageFrames Frames { get; }

    public SimulatedCpu Cpu { get; }

    public AddressSpace Mm { get; }

    public CpuThread Thread => Cpu.Thread(0);

    /// <summary>Another process of the machine; it ends with the machine, or before.</summary>
    public TestProcess Start()
    {
        var process = new TestProcess(this);
        _others.Add(process);
        return process;
    }

    /// <summary>A child of the machine's process.</summary>
    public TestProcess Fork()
    {
        TestProcess process = Start();
        Assert.Equal(Errno.None, process.Fork(Mm));
        return process;
    }

    public VirtualAddress Map(ulong pages, Protection protection = Protection.ReadWrite)
    {
        Assert.Equal(Errno.None, Mm.Map(0UL, pages * PageSize, protection, MapPlacement.Anywhere, out VirtualAddress address));
        return address;
    }

    public Errno MapAt(ulong address, ulong pages, Protection protection = Protection.ReadWrite, MapPlacement placement = MapPlacement.Fixed) =>
        Mm.Map(address, pages * PageSize, protection, placement, out _);

    public Errno Unmap(ulong address, ulong pages) => Mm.Unmap(address, pages * PageSize);

    public Errno Protect(ulong address, ulong pages, Protection protection) => Mm.Protect(address, pages * PageSize, protection);

    /// <summary>The mappings as text: <c>10000-12000 RW</c>, separated by commas.</summary>
    public string Vmas() => string.Join(", ", Mm.Vmas().Select(vma =>
        $"{vma.Range.Start.Value:x}-{vma.Range.End.Value:x} {Letters(vma.Protection)}"));

    public void Dispose()
    {
        _others.ForEach(process => process.Mm?.Dispose());
        Mm.Dispose();
        long left = Frames.AllocatedFrames;
        Frames.Dispose();
        Memory.Dispose();
        Assert.Equal(0, left);
    }

    private static string Letters(Protection protection) => protection switch
    {
        Protection.None => "-",
        Protection.Read => "R",
        Protection.Write => "W",
        _ => "RW",
    };
}
