namespace GpuSvm.Driver.Tests.Infrastructure;

/// <summary>A software GPU, a driver and one process whose memory they share; at the end nothing may be left.</summary>
internal sealed class WholeMachine : IDisposable
{
    private readonly SystemMemory _memory;

    public WholeMachine(SoftwareGpuOptions gpu, SvmDriverOptions driver, ulong frames = 1 << 22, int cpuThreads = 1)
    {
        _memory = new SystemMemory(frames);
        Gpu = new SoftwareGpu(_memory, gpu);
        Frames = new PageFrames(_memory, new PageFramesOptions { Seed = gpu.Seed });
        Driver = new SvmDriver(Gpu, driver with
        {
            Servicing = gpu.Execution == ExecutionMode.Sequential ? FaultServicing.InInterrupt : FaultServicing.OnWorker,
        });
        Cpu = new SimulatedCpu(_memory, cpuThreads);
        Mm = new AddressSpace(Frames, Cpu, new AddressSpaceOptions { Seed = gpu.Seed });
        Assert.Equal(Errno.None, Driver.TryOpen(Mm, out SvmClient? client));
        Client = client!;
    }

    public SoftwareGpu Gpu { get; }

    public PageFrames Frames { get; }

    public SvmDriver Driver { get; }

    public SimulatedCpu Cpu { get; }

    public AddressSpace Mm { get; }

    public SvmClient Client { get; }

    public VirtualAddress Map(ulong bytes, Protection protection = Protection.ReadWrite)
    {
        Assert.Equal(Errno.None, Mm.Map(0, bytes, protection, MapPlacement.Anywhere, out VirtualAddress address));
        return address;
    }

    /// <summary>The CPUs of another process of this machine.</summary>
    public SimulatedCpu NewCpu() => new(_memory, 1);

    /// <summary>Runs a kernel on a channel of its own.</summary>
    public async Task<LaunchResult> LaunchAsync<TArgs>(GpuKernel<TArgs> kernel, int grid, int block, TArgs args)
        where TArgs : unmanaged
    {
        Channel channel = Driver.Join(Client);
        try
        {
            return await Gpu.LaunchAsync(channel.Instance, kernel, grid, block, args);
        }
        finally
        {
            Driver.Part(channel);
        }
    }

    public void Dispose()
    {
        Driver.Dispose();
        Mm.Dispose();
        long frames = Frames.AllocatedFrames;
        long dma = Gpu.DmaMapper.MappedPages;
        long tables = Gpu.VideoMemory.AllocatedBytes;
        Gpu.Dispose();
        Frames.Dispose();
        _memory.Dispose();
        Assert.Equal((0L, 0L, 0L, 0), (frames, dma, tables, HeldLocks.Count));
    }
}
