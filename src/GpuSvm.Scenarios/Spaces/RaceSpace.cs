using GpuSvm.Mmu.Formats.Gp100;

namespace GpuSvm.Scenarios;

/// <summary>An address space, all of it its client's, and a device of two instances that walks its tables.</summary>
internal sealed class RaceSpace : ITlbInvalidator, IInstanceBinder
{
    /// <summary>Where video memory ends: all DMA addresses lie above.</summary>
    public const ulong VideoMemoryEnd = 0x1000_0000;

    /// <summary>Address of the first of two small pages, in one table.</summary>
    public const ulong Address = 0x20_0000;

    private readonly RaceTables _tables = new();
    private readonly RaceIommu _iommu = new();

    /// <summary>Makes the space, and has both instances join it.</summary>
    public RaceSpace()
    {
        Walkers = [new RaceWalker(_tables, _iommu), new RaceWalker(_tables, _iommu)];
        var options = new GpuAddressSpaceOptions
        {
            Management = GpuAddressSpaceManagement.Managed,
            SpareTables = 0,
            Instances = this,
        };
        Errno error = GpuAddressSpace.TryCreate<Gp100Format>(_tables, _iommu, this, options, out GpuAddressSpace? space);
        SmallMachine.Demand(error == Errno.None, $"A space can be made: {error}.");
        Space = space!;
        for (int instance = 0; instance < Walkers.Count; instance++)
        {
            error = Space.Join((ulong)instance);
            SmallMachine.Demand(error == Errno.None, $"An instance can join: {error}.");
        }
    }

    /// <summary>The address space.</summary>
    public GpuAddressSpace Space { get; }

    /// <summary>The instances, by number.</summary>
    public IReadOnlyList<RaceWalker> Walkers { get; }

    /// <summary>Maps one of the two small pages by pfn: a page of system memory.</summary>
    public void MapPage(int page)
    {
        Span<PfnEntry> pfns = [PfnEntry.Host(new FrameNumber(7), TranslationRights.Read | TranslationRights.Write)];
        Errno error = Space.PfnMap(Page.Shift, AddressOf(page), pfns);
        SmallMachine.Demand(error == Errno.None && pfns[0].IsValid, $"A page can be mapped: {error}.");
    }

    /// <summary>Unmaps a small page.</summary>
    public void UnmapPage(int page)
    {
        Errno error = Space.PfnUnmap(AddressRange.PageAt(AddressOf(page)));
        SmallMachine.Demand(error == Errno.None, $"A page can be unmapped: {error}.");
    }

    /// <summary>Address of a small page.</summary>
    public static ulong AddressOf(int page) => Address + ((ulong)page * Page.Size);

    /// <summary>Fails unless books and tables agree and nothing is left when the space goes.</summary>
    public void TakeDown()
    {
        IReadOnlyList<CheckFinding> findings = Space.Check();
        SmallMachine.Demand(findings.Count == 0, $"Books and tables agree: {string.Join("; ", findings)}.");
        Space.Dispose();
        DemandNothingLeft();
    }

    /// <summary>Fails if a table or a DMA mapping is left.</summary>
    public void DemandNothingLeft() =>
        SmallMachine.Demand(_tables.Live == 0 && _iommu.MappedPages == 0, "No table and no DMA mapping is left.");

    /// <inheritdoc/>
    public void InvalidateTlb(PageDirectoryBase root, AddressRange range, int depth)
    {
        foreach (RaceWalker walker in Walkers)
        {
            walker.Drop(range);
        }

        AccessBarrier.Pass();
        foreach (RaceWalker walker in Walkers)
        {
            walker.WaitForAccess();
        }
    }

    /// <inheritdoc/>
    public Errno Bind(ulong instance, PageDirectoryBase root, AddressRange bounds)
    {
        Walkers[(int)instance].Bind(root);
        return Errno.None;
    }

    /// <inheritdoc/>
    public void Unbind(ulong instance) => Walkers[(int)instance].Unbind();
}
