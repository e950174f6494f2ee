using GpuSvm.Cli.Bench.Mm;
using GpuSvm.Core;
using GpuSvm.Mm;
using GpuSvm.Svm;

namespace GpuSvm.Cli.Bench.Svm;

/// <summary>The pages of a range of 2 MiB that the CPU has: looked up, mapped for DMA, and unmapped again; 512 pages, or one huge one.</summary>
internal sealed class GetPagesBenchmark : MmBenchmark
{
    /// <summary>What the CPU maps.</summary>
    internal enum PageSize
    {
        Small,
        Huge,
    }

    private const int Pages = 512;
    private readonly PageSize _size;
    private readonly SvmSpace _ranges;
    private readonly SvmRange _range;

    /// <summary>Writes to every page.</summary>
    public GetPagesBenchmark(PageSize size)
        : base(frames: 4 * Pages, new AddressSpaceOptions { HugePages = size == PageSize.Huge ? HugePagePolicy.Always : HugePagePolicy.Never })
    {
        _size = size;
        var device = new BenchDevice();
        Require(SvmSpace.TryCreate(Space, device, device, new SvmSpaceOptions(), out SvmSpace? ranges));
        _ranges = ranges!;
        AddressRange all = MapTouched(Pages);
        Require(_ranges.FindOrInsert(all.Start, all, default, out SvmRange? range));
        _range = range!;
    }

    /// <inheritdoc/>
    public override string Name => _size == PageSize.Huge ? "svm.get_pages_huge" : "svm.get_pages_512";

    /// <inheritdoc/>
    protected override int Rounds => 2_000;

    /// <inheritdoc/>
    public override void Dispose()
    {
        _ranges.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override void Run()
    {
        Require(_ranges.GetPages(_range, default));
        _ranges.UnmapPages(_range);
    }
}
