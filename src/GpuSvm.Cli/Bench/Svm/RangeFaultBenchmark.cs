using GpuSvm.Cli.Bench.Faults;
using GpuSvm.Driver;
using GpuSvm.Gpu;
using GpuSvm.Mm;

namespace GpuSvm.Cli.Bench.Svm;

/// <summary>One fault on a range of 2 MiB that the CPU has, from the entry in the ring until all of it is bound: 512 pages, or one huge one.</summary>
/// <remarks>Between two faults an invalidation takes the range from the GPU; that is not counted.</remarks>
internal sealed class RangeFaultBenchmark : Benchmark
{
    private const int Rounds = 500;

    private readonly bool _isHuge;
    private readonly SystemMemory _memory;
    private readonly SoftwareGpu _software;
    private readonly BenchGpu _gpu;
    private readonly PageFrames _frames;
    private readonly AddressSpace _space;
    private readonly SvmDriver _driver;
    private readonly FaultEntry _fault;
    private readonly AddressRange _range = AddressRange.FromLength(1UL << 40, HugePage.Size);
    private long _bound;

    private RangeFaultBenchmark(bool isHuge)
    {
        _isHuge = isHuge;
        _memory = new SystemMemory(4 * HugePage.PageCount);
        _software = new SoftwareGpu(_memory, new SoftwareGpuOptions { Sms = 1, VideoMemory = ByteSize.MiB(16) });
        _gpu = new BenchGpu(_software, entries: 64);
        _frames = new PageFrames(_memory, new PageFramesOptions());
        var cpu = new SimulatedCpu(_memory, 1);
        _space = new AddressSpace(
            _frames, cpu, new AddressSpaceOptions { HugePages = isHuge ? HugePagePolicy.Always : HugePagePolicy.Never });
        _driver = new SvmDriver(
            _gpu, new SvmDriverOptions { Servicing = FaultServicing.InInterrupt, Strategy = MirrorStrategies.SizedRanges });
        Demand(_driver.TryOpen(_space, out SvmClient? client) == Errno.None);
        Demand(_space.Map(_range.Start, _range.Length, Protection.ReadWrite, MapPlacement.Fixed, out _) == Errno.None);
        for (ulong page = _range.Start; page < _range.End.Value; page += Page.Size)
        {
            cpu.Thread(0).Store(page, page);
        }

        _fault = new FaultEntry(_driver.Join(client!).Instance, _range.Start + 64, 0, 0, 0, false, FaultAccess.Write, 0, FaultType.Pte);
    }

    /// <inheritdoc/>
    public override string Name => _isHuge ? "svm.fault_to_bound_huge" : "svm.fault_to_bound_512";

    /// <inheritdoc/>
    public override string Unit => "ns";

    /// <summary>Pages of 4 KiB.</summary>
    public static RangeFaultBenchmark Small() => new(isHuge: false);

    /// <summary>A page of 2 MiB.</summary>
    public static RangeFaultBenchmark Huge() => new(isHuge: true);

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
        return (double)time / Rounds;
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
            _gpu.Ring.Write(_fault);
            long before = GC.GetAllocatedBytesForCurrentThread();
            long start = Clock.Monotonic.NowNanoseconds;
            _driver.ServiceFaults();
            time += Clock.Monotonic.NowNanoseconds - start;
            allocated += GC.GetAllocatedBytesForCurrentThread() - before;
            Demand(_driver.Counters.Ranges.Bound == ++_bound && _driver.MappedPages == HugePage.PageCount);
            Demand(_space.Notifiers.Begin(new Invalidation(_range, InvalidationCause.Clear), out InvalidationScope scope) == Errno.None);
            scope.Dispose();
            Demand(_driver.MappedPages == 0);
        }
    }

    private static void Demand(bool isTrue)
    {
        if (!isTrue)
        {
            throw new InvalidOperationException("A step of the benchmark did not do what it is for.");
        }
    }
}
