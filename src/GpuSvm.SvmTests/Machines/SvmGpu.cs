namespace GpuSvm.SvmTests;

/// <summary>A GPU of a test, with its driver.</summary>
internal sealed class SvmGpu(SystemMemory memory, SoftwareGpuOptions options) : IDisposable
{
    private readonly List<GpuClient> _clients = [];
    private SvmDriver? _driver;

    public SoftwareGpu Device { get; } = new(memory, options);

    public SvmDriver Driver => _driver!;

    /// <summary>Starts the driver.</summary>
    public void Start(SvmDriverOptions driverOptions) => _driver = new SvmDriver(Device, driverOptions);

    /// <summary>Lets the GPU see a process's memory.</summary>
    public GpuClient Open(SvmProcess process)
    {
        Expect.Equal(Errno.None, Driver.TryOpen(process.Space, out SvmClient? client), "joining a process to a GPU");
        var made = new GpuClient(this, process, client!);
        _clients.Add(made);
        return made;
    }

    /// <summary>Parts all processes and the GPU.</summary>
    public void CloseAll()
    {
        foreach (GpuClient client in _clients)
        {
            Driver.Close(client.Client);
            Expect.Equal(0L, client.Client.Mirror.MappedPages, "pages that the GPU can reach in the end");
        }
    }

    /// <summary>Ends the driver, and looks that nothing is left.</summary>
    public void End()
    {
        Driver.Dispose();
        Expect.Equal(0L, (long)Device.DmaMapper.MappedPages, "DMA mappings left");
        Expect.Equal(0L, (long)Device.VideoMemory.AllocatedPages, "pages of video memory left");
        Expect.Equal(0L, (long)Device.VideoMemory.AllocatedBytes, "bytes of page tables left");
    }

    public void Dispose()
    {
        _driver?.Dispose();
        Device.Dispose();
    }
}
