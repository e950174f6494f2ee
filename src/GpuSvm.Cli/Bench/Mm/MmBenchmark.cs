using GpuSvm.Core;
using GpuSvm.Mm;

namespace GpuSvm.Cli.Bench.Mm;

/// <summary>A benchmark of one address space of a simulated process, without a GPU.</summary>
internal abstract class MmBenchmark : Benchmark
{
    private readonly SystemMemory _memory;
    private readonly SimulatedCpu _cpu;

    /// <summary>Builds an address space without mappings.</summary>
    /// <param name="frames">Number of 4 KiB frames.</param>
    /// <param name="options">Its shape; null for the usual one.</param>
    protected MmBenchmark(ulong frames, AddressSpaceOptions? options = null)
    {
        _memory = new SystemMemory(frames);
        Frames = new PageFrames(_memory, new PageFramesOptions());
        _cpu = new SimulatedCpu(_memory, 1);
        Space = new AddressSpace(Frames, _cpu, options ?? new AddressSpaceOptions());
    }

    /// <inheritdoc/>
    public override string Unit => "ns";

    /// <summary>The address space.</summary>
    protected AddressSpace Space { get; }

    /// <summary>Its frames.</summary>
    protected PageFrames Frames { get; }

    /// <inheritdoc/>
    public override double RunOnce() => Time(Rounds) / (Rounds * (double)OperationsPerRound);

    /// <inheritdoc/>
    public override long? CountAllocatedBytes()
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        Run();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        Space.Dispose();
        Frames.Dispose();
        _memory.Dispose();
    }

    /// <summary>How often <see cref="Run"/> is called for one figure.</summary>
    protected abstract int Rounds { get; }

    /// <summary>How many operations the figure of a round is divided by.</summary>
    protected virtual int OperationsPerRound => 1;

    /// <summary>What is measured.</summary>
    protected abstract void Run();

    /// <summary>Maps memory and writes to each of its pages.</summary>
    protected AddressRange MapTouched(ulong pages)
    {
        AddressRange range = AddressRange.FromLength(MmBenchmarks.Base, pages * Page.Size);
        Require(Space.Map(range.Start, range.Length, Protection.ReadWrite, MapPlacement.Fixed, out _));
        for (ulong page = range.Start; page < range.End.Value; page += Page.Size)
        {
            _cpu.Thread(0).Store(page, page);
        }

        return range;
    }

    /// <summary>Stops where something that must work does not.</summary>
    protected static void Require(Errno error)
    {
        if (error != Errno.None)
        {
            throw new InvalidOperationException($"A step of the benchmark ended with {error}.");
        }
    }

    private double Time(int rounds)
    {
        long start = Clock.Monotonic.NowNanoseconds;
        for (int i = 0; i < rounds; i++)
        {
            Run();
        }

        return Clock.Monotonic.NowNanoseconds - start;
    }
}
