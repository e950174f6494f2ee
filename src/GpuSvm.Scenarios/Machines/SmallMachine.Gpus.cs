namespace GpuSvm.Scenarios;

/// <content>More channels, and more GPUs that share the process's memory.</content>
internal sealed partial class SmallMachine
{
    private readonly List<OtherGpu> _others = [];

    /// <summary>Adds a channel of the process, before the race.</summary>
    public InstancePointer AddChannel() => Driver.Join(Client).Instance;

    /// <summary>Runs a kernel on a channel that was added, as <see cref="Launch{TArgs}"/> does on the first.</summary>
    public void LaunchOn<TArgs>(ScheduleRun run, InstancePointer channel, GpuKernel<TArgs> kernel, TArgs args, int threads)
        where TArgs : unmanaged =>
        Launch(run, _gpu.LaunchAsync(channel, kernel, 1, threads, args), []);

    /// <summary>Adds a GPU with a driver of its own, before the race; it executes and serves its faults on the thread that launches.</summary>
    public void AddGpu() => _others.Add(new OtherGpu(this));

    /// <summary>Runs a kernel on the GPU that was added, as <see cref="Launch{TArgs}"/> does on the first.</summary>
    public void LaunchOnOther<TArgs>(ScheduleRun run, GpuKernel<TArgs> kernel, TArgs args, int threads, params ReadOnlySpan<Errno> mayEnd)
        where TArgs : unmanaged =>
        Launch(run, _others[0].Gpu.LaunchAsync(_others[0].Channel, kernel, 1, threads, args), mayEnd);

    /// <summary>Has its driver move the first pages to the memory of the GPU that was added, as far as they can be had.</summary>
    public void BindToOther(int pages) => _others[0].Bind(pages);

    /// <summary>Fails the schedule unless the CPU finds what was stored last at a byte of the first page.</summary>
    public void DemandLast(ulong offset, ulong stored)
    {
        ulong last = Cpu.Thread(1).Load<ulong>(Address + offset);
        Demand(last == stored, $"No store is lost: {last} of {stored} at byte {offset}.");
    }

    private sealed class OtherGpu : IDisposable
    {
        private readonly SvmDriver _driver;

        public OtherGpu(SmallMachine machine)
        {
            Gpu = new SoftwareGpu(machine._memory, new SoftwareGpuOptions
            {
                Seed = 2,
                Sms = 1,
                WarpsPerSm = 1,
                FaultBufferEntries = 16,
                VideoMemory = ByteSize.MiB(1),
                DmaPages = 32,
            });
            _driver = new SvmDriver(Gpu, new SvmDriverOptions
            {
                Servicing = FaultServicing.InInterrupt,
                BatchSize = 8,
                Strategy = machine._strategy,
                Ranges = machine._ranges,
                DevicePages = machine._pagesOfOthers,
            });
            Errno error = _driver.TryOpen(machine.Mm, out SvmClient? client);
            Demand(error == Errno.None, $"A process is joined to a second GPU: {error}.");
            Client = client!;
            Channel = _driver.Join(Client).Instance;
        }

        public SoftwareGpu Gpu { get; }

        public SvmClient Client { get; }

        public InstancePointer Channel { get; }

        public void Bind(int pages)
        {
            BindResult result = _driver.Bind(Client, BindRequest.Migrate(Address, PageAt(pages)));
            Demand(result.Error == Errno.None, $"Mapped pages can be moved to a second GPU: {result.Error}.");
        }

        public void TakeDown()
        {
            _driver.Dispose();
            Demand(Gpu.VideoMemory.AllocatedPages == 0, $"{Gpu.VideoMemory.AllocatedPages} pages of the second GPU's memory are left at the end.");
            Demand(Gpu.DmaMapper.MappedPages == 0, $"{Gpu.DmaMapper.MappedPages} DMA mappings of the second GPU are left at the end.");
            Demand(Gpu.VideoMemory.AllocatedBytes == 0, "No page table of the second GPU is left at the end.");
        }

        public void Dispose() => Gpu.Dispose();
    }
}
