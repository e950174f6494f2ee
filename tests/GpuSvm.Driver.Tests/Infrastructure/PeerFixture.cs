namespace GpuSvm.Driver.Tests.Infrastructure;

/// <summary>A process and two GPUs, each with memory of its own and its driver. Nothing is left at the end.</summary>
internal sealed class PeerFixture : IDisposable
{
    private const ulong Base = 0x20_0000_0000;
    private const ulong SystemFrames = 4096;
    private const ulong VideoPages = 4096;

    private readonly SystemMemory _memory;

    /// <summary>Makes the machine.</summary>
    /// <param name="link">How the GPUs reach each other's memory; null if they don't.</param>
    /// <param name="kind">Whether the CPU reaches it.</param>
    /// <param name="strategy">Name of the mirror strategy; null for the usual one.</param>
    public PeerFixture(PeerLink? link, DevicePageKind kind = DevicePageKind.Private, string? strategy = null)
    {
        _memory = new SystemMemory(SystemFrames + (2 * VideoPages));
        Frames = new PageFrames(_memory, new PageFramesOptions { Seed = 3, PooledFrames = SystemFrames });
        Cpu = new SimulatedCpu(_memory, 1);
        Mm = new AddressSpace(Frames, Cpu, new AddressSpaceOptions { Seed = 3 });
        DevicePeers? peers = link is { } known ? new DevicePeers(known) : null;
        for (int i = 0; i < 2; i++)
        {
            Gpus[i] = new SoftwareGpu(_memory, new SoftwareGpuOptions
            {
                Seed = 5 + (ulong)i,
                Sms = 1,
                VideoMemory = new ByteSize(VideoPages * Page.Size),
                CoherentAt = new FrameNumber(SystemFrames + ((ulong)i * VideoPages)),
            });
            Drivers[i] = new SvmDriver(Gpus[i], new SvmDriverOptions
            {
                Servicing = FaultServicing.InInterrupt,
                Strategy = MirrorStrategies.All.SingleOrDefault(one => one.Key == strategy, MirrorStrategies.All[0]).Value,
                DevicePages = new DevicePagesOptions(Frames) { Kind = kind, Peers = peers, ReadAroundPages = 1 },
            });
            Assert.Equal(Errno.None, Drivers[i].TryOpen(Mm, out SvmClient? client));
            Clients[i] = client!;
        }
    }

    public SoftwareGpu[] Gpus { get; } = new SoftwareGpu[2];

    public SvmDriver[] Drivers { get; } = new SvmDriver[2];

    public SvmClient[] Clients { get; } = new SvmClient[2];

    public PageFrames Frames { get; }

    public SimulatedCpu Cpu { get; }

    public AddressSpace Mm { get; }

    public static ulong At(int page) => Base + ((ulong)page * Page.Size);

    /// <summary>Maps pages and writes the number of each, from 1 on, to the first word of it.</summary>
    public void Map(int pages)
    {
        Assert.Equal(Errno.None, Mm.Map(At(0), (ulong)pages * Page.Size, Protection.ReadWrite, MapPlacement.FixedNoReplace, out _));
        for (int page = 0; page < pages; page++)
        {
            Cpu.Thread(0).Store(At(page), (long)page + 1);
        }
    }

    public BindResult Bind(int gpu, int first, int count) =>
        Drivers[gpu].Bind(Clients[gpu], BindRequest.Migrate(At(first), At(first + count)));

    public long Read(int page) => Cpu.Thread(0).Load<long>(At(page));

    /// <summary>Where pages are, a character each: 0 or 1 with that GPU, S in system memory.</summary>
    public string Where(int pages) => string.Concat(Mm.Residency(AddressRange.FromLength(At(0), (ulong)pages * Page.Size)).Select(
        run => new string(
            run.Device is null ? 'S' : run.Device == Drivers[0].DeviceMemory?.Pagemap ? '0' : '1',
            (int)run.Range.PageCount)));

    /// <summary>Has a GPU add 100 to the first word of some pages, atomically or not.</summary>
    public LaunchResult Add(int gpu, int first, int count, bool atomically)
    {
        Channel channel = Drivers[gpu].Join(Clients[gpu]);
        var args = new AddArgs(At(first), count);
        LaunchResult result = atomically
            ? Gpus[gpu].LaunchAsync(channel.Instance, AddAtomically, 1, 1, args).GetAwaiter().GetResult()
            : Gpus[gpu].LaunchAsync(channel.Instance, AddPlainly, 1, 1, args).GetAwaiter().GetResult();
        Drivers[gpu].Part(channel);
        return result;
    }

    public void Dispose()
    {
        Array.ForEach(Drivers, driver => driver.Dispose());
        Mm.Dispose();
        Assert.Equal(0, Frames.AllocatedFrames);
        Array.ForEach(Gpus, gpu => Assert.Equal(
            (0L, 0L, 0L), (gpu.DmaMapper.MappedPages, gpu.VideoMemory.AllocatedBytes, gpu.VideoMemory.AllocatedPages)));
        Assert.Equal(0, HeldLocks.Count);
        Array.ForEach(Gpus, gpu => gpu.Dispose());
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

    private readonly record struct AddArgs(VirtualAddress First, int Count);
}
