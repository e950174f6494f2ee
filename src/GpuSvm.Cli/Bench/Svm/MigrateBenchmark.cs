using GpuSvm.Cli.Bench.Faults;
using GpuSvm.Driver;
using GpuSvm.Gpu;
using GpuSvm.Mm;
using GpuSvm.Svm;

namespace GpuSvm.Cli.Bench.Svm;

/// <summary>2 MiB go to the GPU's memory and come home: nanoseconds for one way, and what of that is not the copy.</summary>
/// <remarks>
/// The GPU has the pages mapped in its memory, so the way home drops its entries; the mapping itself is not counted. The CPU's caches hold no
/// translation of the pages, so no barrier of all threads is waited for, whose time is the operating system's.
/// </remarks>
internal sealed class MigrateBenchmark : Benchmark
{
    private const int Rounds = 200;

    private readonly string _name;
    private readonly HugePagePolicy _pages;
    private readonly SystemMemory _memory;
    private readonly SoftwareGpu _software;
    private readonly PageFrames _frames;
    private readonly AddressSpace _space;
    private readonly SvmDriver _driver;
    private readonly SvmClient _client;
    private readonly AddressRange _range = AddressRange.FromLength(1UL << 40, HugePage.Size);

    private MigrateBenchmark(string name, HugePagePolicy pages, ICopyEngine? engine)
    {
        _name = name;
        _pages = pages;
        _memory = new SystemMemory(4 * HugePage.PageCount);
        _software = new SoftwareGpu(_memory, new SoftwareGpuOptions { Sms = 1, VideoMemory = ByteSize.MiB(16) });
        var gpu = new BenchGpu(_software, entries: 64) { CopyEngine = engine ?? _software.CopyEngine };
        _frames = new PageFrames(_memory, new PageFramesOptions());
        var cpu = new SimulatedCpu(_memory, 1);
        _space = new AddressSpace(_frames, cpu, new AddressSpaceOptions { HugePages = pages });
        _driver = new SvmDriver(
            gpu, new SvmDriverOptions { Servicing = FaultServicing.InInterrupt, DevicePages = new DevicePagesOptions(_frames) { ReadAroundPages = 512 } });
        Demand(_driver.TryOpen(_space, out SvmClient? client) == Errno.None);
        _client = client!;
        Demand(_space.Map(_range.Start, _range.Length, Protection.ReadWrite, MapPlacement.Fixed, out _) == Errno.None);
        for (ulong page = _range.Start; page < _range.End.Value; page += Page.Size)
        {
            cpu.Thread(0).Store(page, page);
        }
    }

    /// <inheritdoc/>
    public override string Name => _name;

    /// <inheritdoc/>
    public override string Unit => "ns";

    /// <summary>Each of them, to be made when its turn comes.</summary>
    public static IReadOnlyList<Func<Benchmark>> All { get; } =
    [
        () => new MigrateBenchmark("svm.migrate_2m_bookkeeping", HugePagePolicy.Always, new NoCopyEngine()),
        () => new MigrateBenchmark("svm.migrate_2m", HugePagePolicy.Always, engine: null),
        () => new MigrateBenchmark("svm.migrate_512_bookkeeping", HugePagePolicy.Never, new NoCopyEngine()),
        () => new MigrateBenchmark("svm.migrate_512", HugePagePolicy.Never, engine: null),
    ];

    /// <inheritdoc/>
    public override long? CountAllocatedBytes()
    {
        Run(out _, out long allocated);
        return allocated;
    }

    /// <inheritdoc/>
    public override double RunOnce()
    {
        Run(out long time, out _);
        return (double)time / (2 * Rounds);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _driver.Dispose();
        _space.Dispose();
        _frames.Dispose();
        _software.Dispose();
        _memory.Dispose();
    }

    private void Run(out long time, out long allocated)
    {
        time = 0;
        allocated = 0;
        for (int i = 0; i < Rounds; i++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            long start = Clock.Monotonic.NowNanoseconds;
            DeviceMigrationResult moved = _driver.DeviceMemory!.MigrateToDevice(_space, _range);
            time += Clock.Monotonic.NowNanoseconds - start;
            allocated += GC.GetAllocatedBytesForCurrentThread() - before;
            Demand(moved == new DeviceMigrationResult(HugePage.PageCount, Errno.None));
            Demand(_driver.Bind(_client, BindRequest.Migrate(_range.Start, _range.End)).Mapped == HugePage.PageCount);

            before = GC.GetAllocatedBytesForCurrentThread();
            start = Clock.Monotonic.NowNanoseconds;
            moved = _driver.DeviceMemory.MigrateToSystem(_space, _range);
            time += Clock.Monotonic.NowNanoseconds - start;
            allocated += GC.GetAllocatedBytesForCurrentThread() - before;
            Demand(moved == new DeviceMigrationResult(HugePage.PageCount, Errno.None));
            Demand(_driver.DeviceMemory.UsedPages == 0 && _driver.MappedPages == 0 && IsAsItWas());
        }
    }

    /// <summary>True if the page has stayed huge, or the pages small: else another benchmark would be run from here on.</summary>
    private bool IsAsItWas() => _space.PageTable.Read(_range.Start).IsHuge == (_pages == HugePagePolicy.Always);

    private static void Demand(bool isTrue)
    {
        if (!isTrue)
        {
            throw new InvalidOperationException("A step of the benchmark did not do what it is for.");
        }
    }
}
