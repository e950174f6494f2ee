namespace GpuSvm.Mmu.Tables;

/// <summary>What an operation takes from the device: nobody else gets it before the TLB is flushed.</summary>
/// <param name="tlb">The device.</param>
/// <param name="dma">Where DMA mappings go back to.</param>
/// <param name="store">Where tables go back to.</param>
/// <param name="deepest">Depth of the page tables.</param>
/// <remarks>
/// The order that makes everything safe stands here and nowhere else: entries are invalid already; then one flush; then DMA mappings,
/// memory and tables. Locking: the caller's, exclusive.
/// </remarks>
internal sealed class Retirement(ITlbInvalidator tlb, IDmaMapper dma, TableStore store, int deepest)
{
    // So that what waits is bounded, however large the range that is taken back.
    private const int Many = 1 << 16;

    private readonly List<FreedTable> _tables = [];
    private readonly List<DmaMapping> _mappings = [];
    private readonly List<GpuMemoryObject> _objects = [];

    // Not readonly and not a property: a struct that is changed in place.
    private TlbBatch _batch = new(deepest);

    /// <summary>The entries that the flush is about.</summary>
    public ref TlbBatch Batch => ref _batch;

    /// <summary>True if so much waits that it should be done with now.</summary>
    public bool IsFull => _mappings.Count + _tables.Count >= Many;

    /// <summary>Flushes so far.</summary>
    public long Flushes { get; private set; }

    /// <summary>DMA mappings undone so far.</summary>
    public long DmaUnmaps { get; private set; }

    /// <summary>Takes a table that is not linked any more.</summary>
    public void Add(in FreedTable table) => _tables.Add(table);

    /// <summary>Takes a DMA mapping that no entry names any more.</summary>
    public void Add(DeviceAddress address, int order) => _mappings.Add(new DmaMapping(address, order));

    /// <summary>Takes a reference of memory that is not mapped any more.</summary>
    public void Add(GpuMemoryObject memory) => _objects.Add(memory);

    /// <summary>Flushes, then lets everything go.</summary>
    public void Complete(PageDirectoryBase root)
    {
        if (Breaks.TableFreedBeforeTheFlush)
        {
            FreeTables();
        }

        if (Breaks.DmaUnmappedBeforeTheFlush)
        {
            UndoMappings();
        }

        if (_batch.IsNeeded && _batch.Flush(tlb, root))
        {
            Flushes++;
        }

        if (_mappings.Count > 0)
        {
            UndoMappings();
        }

        if (_objects.Count > 0)
        {
            ReleaseObjects();
        }

        if (_tables.Count > 0)
        {
            FreeTables();
        }
    }

    /// <summary>Undoes a DMA mapping that no entry has named yet.</summary>
    public void UndoUnused(DeviceAddress address, int order)
    {
        DmaUnmaps++;
        dma.Unmap(address, order);
    }

    private void UndoMappings()
    {
        foreach (DmaMapping mapping in _mappings)
        {
            UndoUnused(mapping.Address, mapping.Order);
        }

        _mappings.Clear();
    }

    private void ReleaseObjects()
    {
        foreach (GpuMemoryObject memory in _objects)
        {
            memory.Release();
        }

        _objects.Clear();
    }

    private void FreeTables()
    {
        // The highest first, so that the next one that is made does not stand where it stood: who remembers an old table is found out.
        for (int i = _tables.Count - 1; i >= 0; i--)
        {
            store.Free(_tables[i]);
        }

        _tables.Clear();
    }

    private readonly record struct DmaMapping(DeviceAddress Address, int Order);
}
