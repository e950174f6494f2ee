namespace GpuSvm.Driver.Tests.Infrastructure;

/// <summary>A real driver and a real address space over a scripted GPU; at the end nothing may be left.</summary>
internal sealed class DriverFixture : IDisposable
{
    private readonly SystemMemory _memory = new(4096);

    public DriverFixture(SvmDriverOptions? options = null, int ringEntries = 64, AddressRange unmanaged = default)
    {
        Gpu = new ScriptedGpu(ringEntries);
        Frames = new PageFrames(_memory, new PageFramesOptions { Seed = 3 });
        Cpu = new SimulatedCpu(_memory, 1);
        Mm = new AddressSpace(Frames, Cpu, new AddressSpaceOptions { Seed = 3 });
        options ??= new SvmDriverOptions();
        Driver = new SvmDriver(
            Gpu, options with { Servicing = options.Workers > 1 ? FaultServicing.OnWorker : FaultServicing.InInterrupt });
        Assert.Equal(Errno.None, Driver.TryOpen(Mm, new SvmClientOptions { Unmanaged = unmanaged }, out SvmClient? client));
        Client = client!;
        Channel = Driver.Join(Client);
    }

    public SystemMemory Memory => _memory;

    public ScriptedGpu Gpu { get; }

    public PageFrames Frames { get; }

    public SimulatedCpu Cpu { get; }

    public AddressSpace Mm { get; }

    public SvmDriver Driver { get; }

    public SvmClient Client { get; }

    public Channel Channel { get; }

    public VirtualAddress Map(int pages, Protection protection = Protection.ReadWrite)
    {
        Assert.Equal(Errno.None, Mm.Map(0, (ulong)pages * Page.Size, protection, MapPlacement.Anywhere, out VirtualAddress address));
        return address;
    }

    /// <summary>Maps memory at an address that is a multiple of 2 MiB.</summary>
    public VirtualAddress MapBlocks(int blocks, ulong at = 0x4000_0000)
    {
        Assert.Equal(Errno.None, Mm.Map(at, (ulong)blocks << 21, Protection.ReadWrite, MapPlacement.Fixed, out VirtualAddress address));
        return address;
    }

    /// <summary>Writes an entry for this fixture's channel.</summary>
    public void Fault(VirtualAddress address, FaultAccess access) => Gpu.Fault(Channel.Instance, address, access);

    public void Dispose()
    {
        Driver.Dispose();
        Mm.Dispose();
        Assert.Equal(0, Frames.AllocatedFrames);
        Assert.Equal(0, Gpu.Dma.MappedPages);
        Assert.Equal(0, Gpu.Tables.Count);
        Assert.Equal(0, HeldLocks.Count);
        Frames.Dispose();
        _memory.Dispose();
    }
}
