using GpuSvm.Driver;
using GpuSvm.Gpu;
using GpuSvm.Mm;

namespace GpuSvm.Cli.Bench.Faults;

/// <summary>A driver with one client, whose faults are written into the ring and then served on the calling thread.</summary>
internal sealed class FaultBench : IDisposable
{
    /// <summary>Number of faults in a batch, unless another is asked for.</summary>
    public const int BatchSize = 256;

    private readonly SystemMemory _memory;
    private readonly SoftwareGpu _software;
    private readonly BenchGpu _gpu;
    private readonly SimulatedCpu _cpu;
    private readonly SvmDriver _driver;
    private readonly InstancePointer _channel;

    /// <summary>Builds a driver and maps memory.</summary>
    /// <param name="pages">Number of pages.</param>
    /// <param name="workers">Number of threads that serve.</param>
    /// <param name="batchSize">Number of faults in a batch.</param>
    /// <param name="batches">Number of batches that the ring holds; of more than one none is thrown away before a replay.</param>
    public FaultBench(int pages, int workers, int batchSize = BatchSize, int batches = 1)
    {
        _memory = new SystemMemory((ulong)pages + 1024);
        _software = new SoftwareGpu(_memory, new SoftwareGpuOptions { Sms = 1, VideoMemory = ByteSize.MiB(64) });
        _gpu = new BenchGpu(_software, 2 * batchSize * batches);
        Frames = new PageFrames(_memory, new PageFramesOptions());
        _cpu = new SimulatedCpu(_memory, 1);
        Space = new AddressSpace(Frames, _cpu, new AddressSpaceOptions());
        _driver = new SvmDriver(_gpu, new SvmDriverOptions
        {
            Workers = workers,
            BatchSize = batchSize,
            ReplayPolicy = batches == 1 ? ReplayPolicy.BatchFlush : ReplayPolicy.Batch,
        });
        Demand(_driver.TryOpen(Space, out SvmClient? client));
        _channel = _driver.Join(client!).Instance;
        Range = AddressRange.FromLength(1UL << 40, (ulong)pages * Page.Size);
        Demand(Space.Map(Range.Start, Range.Length, Protection.ReadWrite, MapPlacement.Fixed, out _));
    }

    /// <summary>All that is mapped.</summary>
    public AddressRange Range { get; }

    private AddressSpace Space { get; }

    private PageFrames Frames { get; }

    /// <summary>Has the CPU write to each page.</summary>
    public void Touch()
    {
        for (ulong at = Range.Start; at < Range.End.Value; at += Page.Size)
        {
            _cpu.Thread(0).Store(at, at);
        }
    }

    /// <summary>Writes a fault into the ring.</summary>
    public void Fault(int page, FaultAccess access) => _gpu.Ring.Write(
        new FaultEntry(_channel, Range.Start + ((ulong)page * Page.Size) + 64, 0, 0, 0, false, access, 0, FaultType.Pte));

    /// <summary>Serves what the ring holds.</summary>
    /// <returns>Nanoseconds.</returns>
    public double Serve()
    {
        long start = Clock.Monotonic.NowNanoseconds;
        _driver.ServiceFaults();
        return Clock.Monotonic.NowNanoseconds - start;
    }

    /// <summary>Takes all pages from the GPU; they stay where they are.</summary>
    public void TakeFromGpu()
    {
        Demand(Space.Notifiers.Begin(new Invalidation(Range, InvalidationCause.Clear), out InvalidationScope scope));
        scope.Dispose();
    }

    /// <summary>Gives all pages up: the next fault of one takes a new frame.</summary>
    public void GiveUp() => Demand(Space.Discard(Range.Start, Range.Length));

    /// <summary>Stops the benchmark unless so many pages were mapped since it was made, and no fault was cancelled.</summary>
    public void DemandMapped(long pages)
    {
        if (_driver.Counters.PagesMapped != pages || _gpu.Cancels != 0)
        {
            throw new InvariantException($"{_driver.Counters.PagesMapped} pages were mapped, expected {pages}; {_gpu.Cancels} cancels.");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _driver.Dispose();
        Space.Dispose();
        Frames.Dispose();
        _software.Dispose();
        _memory.Dispose();
    }

    private static void Demand(Errno error)
    {
        if (error != Errno.None)
        {
            throw new SvmException(error, "The benchmark cannot be set up.");
        }
    }
}
