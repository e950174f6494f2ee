namespace GpuSvm.Driver;

/// <summary>One process on one GPU: its address space, the GPU's page table for it, and what keeps the two equal.</summary>
/// <remarks>Source: struct nouveau_svmm of nouveau_svm.c.</remarks>
public sealed class SvmClient
{
    private readonly GpuAddressSpace _space;
    private readonly IMirrorStrategy _strategy;

    internal SvmClient(AddressSpace mm, GpuAddressSpace space, GpuMirror mirror, IMirrorStrategy strategy, AdviceOnUnmap onUnmap)
    {
        Mm = mm;
        _space = space;
        Mirror = mirror;
        _strategy = strategy;
        Advice = new ClientAdvice(mm, mirror, onUnmap);
        Ranges = strategy as SizedRangesStrategy;
        if (Ranges is not null)
        {
            Ranges.Advice = Advice;
        }
    }

    /// <summary>The process's address space.</summary>
    public AddressSpace Mm { get; }

    /// <summary>The GPU's entries for it.</summary>
    public GpuMirror Mirror { get; }

    /// <summary>The name of the mirror strategy.</summary>
    public string StrategyName => _strategy.Name;

    /// <summary>What the mirror strategy costs.</summary>
    public MirrorStatistics MirrorStatistics => _strategy.Statistics;

    /// <summary>The root of the GPU's page table.</summary>
    public PageDirectoryBase Root => _space.Root;

    /// <summary>Its ranges, if the mirror strategy is <see cref="SizedRangesStrategy"/>; else null.</summary>
    public SvmSpace? RangeSpace => Ranges?.Space;

    /// <summary>Number of times that the garbage collector of ranges found something to do.</summary>
    public long RangeCollections => Ranges?.Collections ?? 0;

    internal IMirrorStrategy Strategy => _strategy;

    internal SizedRangesStrategy? Ranges { get; }

    /// <summary>What the program has said of its memory.</summary>
    internal ClientAdvice Advice { get; }

    /// <summary>Its pages in the device's own memory; null while there are none.</summary>
    internal IDevicePages? DevicePages { get; set; }

    internal bool IsDisposed { get; private set; }

    /// <summary>Ends the mirror: no callback runs any more, the page table is freed and every DMA mapping taken back.</summary>
    internal void Close()
    {
        IsDisposed = true;
        Advice.End();
        _strategy.Dispose();
        Mirror.End();
        _space.Dispose();
    }
}
