using GpuSvm.Cli.Bench.Mm;
using GpuSvm.Core;
using GpuSvm.Mm;
using GpuSvm.Svm;

namespace GpuSvm.Cli.Bench.Svm;

/// <summary>The range of a random page that faults, among 100,000 that exist: with all checks and locks of a fault.</summary>
internal sealed class FindRangeBenchmark : MmBenchmark
{
    /// <summary>How large the ranges are.</summary>
    internal enum Chunk
    {
        Large,
        Page,
    }

    private const int Count = 100_000;
    private const int Lookups = 200_000;
    private const int LargeShift = 21;
    private readonly Chunk _chunk;
    private readonly SvmSpace _ranges;
    private readonly AddressRange _all;
    private readonly ulong[] _asked;

    /// <summary>Makes the ranges, in random order.</summary>
    public FindRangeBenchmark(Chunk chunk)
        : base(frames: 16)
    {
        _chunk = chunk;
        var device = new BenchDevice();
        Require(SvmSpace.TryCreate(Space, device, device, new SvmSpaceOptions(), out SvmSpace? ranges));
        _ranges = ranges!;
        _all = AddressRange.FromLength(MmBenchmarks.Base, (ulong)(Count + 3) << LargeShift);
        Require(Space.Map(_all.Start, _all.Length, Protection.ReadWrite, MapPlacement.Fixed, out _));
        int shift = chunk == Chunk.Large ? LargeShift : Page.Shift;
        _asked = [.. Enumerable.Range(0, Count).Select(i => _all.Start + ((ulong)i << shift))];
        var random = new SeededRandom(1);
        random.Shuffle(_asked.AsSpan());
        foreach (ulong address in _asked)
        {
            Require(Find(address, chunk == Chunk.Large ? _all : AddressRange.PageAt(address)));
        }

        // One of each size behind them, so that none can be passed over.
        VirtualAddress start = _all.Start + ((ulong)Count << LargeShift);
        foreach (int size in new[] { Page.Shift, 16, LargeShift })
        {
            Require(Find(start, AddressRange.FromLength(start, 1UL << size)));
            start += 1UL << LargeShift;
        }

        random.Shuffle(_asked.AsSpan());
    }

    /// <inheritdoc/>
    public override string Name => _chunk == Chunk.Large ? "svm.find_range_100k" : "svm.find_page_range_100k";

    /// <inheritdoc/>
    protected override int Rounds => 5;

    /// <inheritdoc/>
    protected override int OperationsPerRound => Lookups;

    /// <inheritdoc/>
    public override void Dispose()
    {
        _ranges.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override void Run()
    {
        for (int i = 0; i < Lookups; i++)
        {
            Require(Find(_asked[i % Count] + 0x123, _all));
        }
    }

    private Errno Find(VirtualAddress address, AddressRange window) => _ranges.FindOrInsert(address, window, default, out _);
}
