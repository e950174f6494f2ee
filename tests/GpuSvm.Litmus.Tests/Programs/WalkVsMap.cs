using GpuSvm.Gpu;
using GpuSvm.Mmu;
using GpuSvm.Mmu.Formats.Gp100;

namespace GpuSvm.Litmus.Tests.Programs;

/// <summary>The driver maps a page: DMA entry, table, directory entry, page entry, replay. The GPU reads the same words the other way round.</summary>
/// <remarks>Each round uses new tables, in memory that was freed in the round before and holds its entries or poison.</remarks>
internal sealed unsafe class WalkVsMap : ILitmusProgram, ITlbInvalidator
{
    private const int Areas = 64;
    private const ulong AreaSize = 2UL << 20;
    private const ulong FrameCount = 64;

    private readonly SystemMemory _memory = new(FrameCount);
    private readonly VideoMemory _tables = new(ByteSize.MiB(4));
    private readonly Iommu _iommu;
    private readonly GpuAddressSpace _space;
    private readonly DeviceSignals _signals = new();
    private ulong _round;
    private VirtualAddress _address;
    private ulong _frame;
    private long _epoch;
    private string? _forbidden;

    public WalkVsMap()
    {
        _iommu = new Iommu(_memory, pageLimit: 16, new SeededRandom(1));
        Checks.That(GpuAddressSpace.TryCreate(_tables, _iommu, this, out GpuAddressSpace? space) == Errno.None, "There is room.");
        _space = space!;
    }

    public void Prepare()
    {
        _round++;
        _address = new VirtualAddress(_round % Areas * AreaSize);
        _frame = _round % FrameCount;
        _epoch = _signals.ReplayEpoch;
    }

    public void First()
    {
        // As an SM does: the epoch of replays first, so that a fault which a replay overtook is tried again.
        long epoch = _signals.ReplayEpoch;
        DecodedEntry entry = new PageTableCursor<Gp100Format>(_tables, _space.Root, _address).Finish();
        if (entry.Kind == PageTableEntryKind.Invalid)
        {
            _forbidden = epoch != _epoch ? "the replay was seen, and the entry written before it was not" : null;
            return;
        }

        ulong page = entry.Address >> Page.Shift;
        if (entry.Kind != PageTableEntryKind.Page || page >= _iommu.PageCount)
        {
            _forbidden = $"a table was seen before what it holds: {entry}";
            return;
        }

        // SAFETY: the page number was compared with the length of the table.
        ulong dma = Volatile.Read(ref _iommu.Table[page]);
        _forbidden = dma >> Page.Shift != _frame || (dma & Iommu.ReadRight) == 0 ? $"an entry was seen before its DMA mapping: 0x{dma:x}" : null;
    }

    public void Second()
    {
        PfnEntry pfn = PfnEntry.Host(new FrameNumber(_frame), TranslationRights.Read);
        Checks.That(_space.PfnMap(Page.Shift, _address, new Span<PfnEntry>(ref pfn)) == Errno.None, "There is room.");
        _signals.Replay();
    }

    public string? Forbidden()
    {
        _space.PfnUnmap(AddressRange.PageAt(_address));
        return _forbidden;
    }

    public void InvalidateTlb(PageDirectoryBase root, AddressRange range, int depth)
    {
        // Nothing caches translations here.
    }

    public void Dispose()
    {
        _space.Dispose();
        _iommu.Dispose();
        _tables.Dispose();
        _memory.Dispose();
    }
}
