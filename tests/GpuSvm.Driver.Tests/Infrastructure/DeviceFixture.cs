namespace GpuSvm.Driver.Tests.Infrastructure;

/// <summary>A real driver, process and software GPU; at the end nothing may be left.</summary>
internal sealed class DeviceFixture : IDisposable
{
    private readonly SystemMemory _memory = new(4096);
    private readonly PageFrames _frames;

    public DeviceFixture(ExecutionMode execution, SvmDriverOptions? options = null, int ringEntries = 64)
    {
        Gpu = new SoftwareGpu(_memory, new SoftwareGpuOptions { Seed = 5, Sms = 2, Execution = execution, FaultBufferEntries = ringEntries });
        _frames = new PageFrames(_memory, new PageFramesOptions { Seed = 5 });
        Cpu = new SimulatedCpu(_memory, 1);
        Mm = new AddressSpace(_frames, Cpu, new AddressSpaceOptions { Seed = 5 });
        Driver = new SvmDriver(Gpu, (options ?? new SvmDriverOptions()) with
        {
            Servicing = execution == ExecutionMode.Parallel ? FaultServicing.OnWorker : FaultServicing.InInterrupt,
        });
        Assert.Equal(Errno.None, Driver.TryOpen(Mm, out SvmClient? client));
        Client = client!;
        Channel = Driver.Join(Client);
    }

    public SoftwareGpu Gpu { get; }

    public SimulatedCpu Cpu { get; }

    public AddressSpace Mm { get; }

    public SvmDriver Driver { get; }

    public SvmClient Client { get; }

    public Channel Channel { get; }

    public VirtualAddress Map(int pages)
    {
        Errno error = Mm.Map(0, (ulong)pages * Page.Size, Protection.ReadWrite, MapPlacement.Anywhere, out VirtualAddress address);
        Assert.Equal(Errno.None, error);
        return address;
    }

    /// <summary>Runs one thread for each page, which adds one to the page's first word.</summary>
    public Task<LaunchResult> LaunchAsync(Channel channel, VirtualAddress address, int pages, int times = 1) =>
        Gpu.LaunchAsync(channel.Instance, CountAsync, pages, 1, new CountArgs(address, times));

    public void Dispose()
    {
        Driver.Dispose();
        Mm.Dispose();
        Assert.Equal(0, _frames.AllocatedFrames);
        Assert.Equal(0, Gpu.DmaMapper.MappedPages);
        Assert.Equal(0, Gpu.VideoMemory.AllocatedBytes);
        Gpu.Dispose();
        _frames.Dispose();
        _memory.Dispose();
    }

    private static async GpuTask CountAsync(GpuThread t, CountArgs args)
    {
        VirtualAddress word = args.Address + ((ulong)t.GlobalIndex * Page.Size);
        for (int i = 0; i < args.Times; i++)
        {
            await t.Store(word, 1 + await t.Load<ulong>(word));
        }
    }

    private readonly record struct CountArgs(VirtualAddress Address, int Times);
}
