using GpuSvm.Cli.Bench.Faults;
using GpuSvm.Driver;
using GpuSvm.Gpu;
using GpuSvm.Mm;
using GpuSvm.Mmu;

namespace GpuSvm.Cli.Bench.Mirrors;

/// <summary>One process and one driver with a mirror strategy; faults come from a ring that is filled beforehand, or from a kernel.</summary>
internal sealed class MirrorMachine : IDisposable
{
    /// <summary>Where mappings begin: an address on the border of every node.</summary>
    public const ulong Base = 1UL << 40;

    private const int BatchSize = 256;
    private const int MostThreads = 1024;

    private readonly SystemMemory _memory;
    private readonly PageFrames _frames;
    private readonly SimulatedCpu _cpu;
    private readonly SoftwareGpu _gpu;
    private readonly BenchGpu _ring;
    private readonly SvmDriver _driver;
    private readonly InstancePointer _channel;
    private readonly List<AddressSpace> _children = [];

    /// <summary>Builds the machine.</summary>
    /// <param name="strategy">Makes the strategy.</param>
    /// <param name="pages">Number of pages that will be touched, at most.</param>
    /// <param name="feed">Where faults come from.</param>
    public MirrorMachine(Func<AddressSpace, GpuMirror, IMirrorStrategy> strategy, int pages, FaultFeed feed)
    {
        _memory = new SystemMemory((ulong)pages + 64);
        _frames = new PageFrames(_memory, new PageFramesOptions());
        _cpu = new SimulatedCpu(_memory, 1);
        Space = new AddressSpace(_frames, _cpu, new AddressSpaceOptions { VmaLimit = 200_000 });
        _gpu = new SoftwareGpu(_memory, new SoftwareGpuOptions
        {
            Sms = 1,
            WarpsPerSm = MostThreads / 32,
            VideoMemory = ByteSize.MiB(256),
            FaultBufferEntries = 2 * MostThreads,
        });
        _ring = new BenchGpu(_gpu, 2 * BatchSize);
        _driver = new SvmDriver(feed == FaultFeed.Ring ? _ring : _gpu, new SvmDriverOptions
        {
            Servicing = FaultServicing.InInterrupt,
            BatchSize = BatchSize,
            Strategy = strategy,
        });
        Require(_driver.TryOpen(Space, out SvmClient? client));
        Client = client!;
        _channel = _driver.Join(Client).Instance;
    }

    /// <summary>The process.</summary>
    public AddressSpace Space { get; }

    /// <summary>The process on the GPU.</summary>
    public SvmClient Client { get; }

    /// <summary>Number of pages that the GPU can reach.</summary>
    public long MappedPages => _driver.MappedPages;

    /// <summary>Stops where something that must work does not.</summary>
    public static void Require(Errno error)
    {
        if (error != Errno.None)
        {
            throw new InvalidOperationException($"A step of the benchmark ended with {error}.");
        }
    }

    /// <summary>Makes a mapping.</summary>
    public void Map(ulong address, ulong pages) =>
        Require(Space.Map(address, pages * Page.Size, Protection.ReadWrite, MapPlacement.Fixed, out _));

    /// <summary>Has the CPU write to pages.</summary>
    public void Touch(ReadOnlySpan<ulong> pages)
    {
        foreach (ulong page in pages)
        {
            _cpu.Thread(0).Store(page, page);
        }
    }

    /// <summary>Reports faults of pages, a batch at a time, and has them served.</summary>
    public void Serve(ReadOnlySpan<ulong> pages)
    {
        for (int first = 0; first < pages.Length; first += BatchSize)
        {
            foreach (ulong page in pages[first..Math.Min(first + BatchSize, pages.Length)])
            {
                _ring.Ring.Write(new FaultEntry(_channel, page, 0, 0, 0, false, FaultAccess.Write, 0, FaultType.Pte));
            }

            _driver.ServiceFaults();
        }
    }

    /// <summary>Has GPU threads load from pages that follow each other, each from every so-many-th.</summary>
    public void Load(int pages, int threads)
    {
        var args = new LoadArgs(Base, pages);
        LaunchResult result = _gpu.LaunchAsync(_channel, LoadAsync, grid: 1, threads, args).GetAwaiter().GetResult();
        result.ThrowIfFailed();
    }

    /// <summary>Makes a child of the process, which lives until the machine goes.</summary>
    public void Fork()
    {
        Require(Space.TryFork(new SimulatedCpu(_memory, 1), null, out AddressSpace? child));
        _children.Add(child!);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _driver.Dispose();
        _children.ForEach(child => child.Dispose());
        Space.Dispose();
        _gpu.Dispose();
        _frames.Dispose();
        _memory.Dispose();
    }

    private static async GpuTask LoadAsync(GpuThread t, LoadArgs a)
    {
        for (long page = t.GlobalIndex; page < a.Pages; page += t.GridSize)
        {
            await t.Load<ulong>(a.Base + ((ulong)page << Page.Shift));
        }
    }

    private readonly record struct LoadArgs(VirtualAddress Base, long Pages);
}
