using System.Globalization;
using System.Text;
using GpuSvm.Core;
using GpuSvm.Mmu.Formats.Gp100;

namespace GpuSvm.Mmu.Tests.Infrastructure;

/// <summary>An address space of any management over recording fakes, with a place to inject failures and a dump as text.</summary>
internal sealed class SpaceRig : IDisposable, IMmuBookkeeping, IAddressSpaceVisitor
{
    public const GetFlags References = GetFlags.References;
    public const GetFlags MapReferences = GetFlags.MapReferences;
    public const GetFlags Sparse = GetFlags.MapReferences | GetFlags.Sparse;

    private readonly StringBuilder _dump = new();

    public SpaceRig(GpuAddressSpaceManagement management = GpuAddressSpaceManagement.Unmanaged, ulong start = 0, ulong size = 0, int spareTables = 0)
    {
        Journal = new Journal();
        Memory = new RecordingPageTableMemory(Journal);
        Dma = new RecordingDmaMapper(Journal);
        Tlb = new RecordingTlb(Journal);
        var options = new GpuAddressSpaceOptions
        {
            Management = management,
            Start = start,
            Size = size,
            SpareTables = spareTables,
            Bookkeeping = this,
        };
        Assert.Equal(Errno.None, GpuAddressSpace.TryCreate<Gp100Format>(Memory, Dma, Tlb, options, out GpuAddressSpace? space));
        Space = space!;
        Journal.Take();
    }

    public Journal Journal { get; }

    public RecordingPageTableMemory Memory { get; }

    public RecordingDmaMapper Dma { get; }

    public RecordingTlb Tlb { get; }

    public GpuAddressSpace Space { get; }

    /// <summary>Records of pieces that cannot be had.</summary>
    public FailurePoint AreaFailures { get; } = new();

    /// <summary>Records of tables that cannot be had.</summary>
    public FailurePoint TableFailures { get; } = new();

    /// <summary>The number that a dump shows for a memory object.</summary>
    public static GpuMemoryObject Video(int id, ulong address, ulong size, int pageShift) =>
        GpuMemoryObject.Contiguous(Aperture.VideoMemory, address, size, pageShift, id);

    public bool MayMake(MmuNode record) => !(record == MmuNode.Area ? AreaFailures : TableFailures).Fails();

    public ulong Get(ulong size, int pageShift = 0, int align = 0, GetFlags flags = MapReferences)
    {
        Assert.Equal(Errno.None, Space.TryGet(new GetRequest(size, pageShift, align, flags), out VirtualAddress address));
        return address;
    }

    public Errno TryGet(ulong size, int pageShift = 0, int align = 0, GetFlags flags = MapReferences) =>
        Space.TryGet(new GetRequest(size, pageShift, align, flags), out _);

    public void MapOk(ulong address, ulong size, GpuMemoryObject memory, ulong offset = 0, MapAttributes? attributes = null) =>
        Assert.Equal(Errno.None, Space.Map(address, size, memory, offset, attributes));

    public void UnmapOk(ulong address) => Assert.Equal(Errno.None, Space.Unmap(address));

    public void PutOk(ulong address) => Assert.Equal(Errno.None, Space.Put(address));

    public PfnEntry[] Pfns(int pageShift, ulong address, params PfnEntry[] pfns)
    {
        Assert.Equal(Errno.None, Space.PfnMap(pageShift, address, pfns));
        return pfns;
    }

    public void PfnUnmapOk(ulong start, ulong size) => Assert.Equal(Errno.None, Space.PfnUnmap(AddressRange.FromLength(start, size)));

    /// <summary>What the device finds: kind, page size and address.</summary>
    public (PageTableEntryKind Kind, int Shift, ulong Address) Walk(ulong address)
    {
        DecodedEntry entry = new PageTableCursor<Gp100Format>(Memory, Space.Root, address).Finish();
        return (entry.Kind, entry.Shift, entry.Kind == PageTableEntryKind.Page ? entry.Translate(address) : 0);
    }

    public PageTableEntryKind Kind(ulong address) => Walk(address).Kind;

    /// <summary>Books and tables agree.</summary>
    public void Check(string did = "") => Assert.True(Space.Check() is { Count: 0 }, $"{did}: {string.Join("; ", Space.Check())}");

    /// <summary>The pieces, a line each: start, size, flags, page type, referenced type, memory.</summary>
    public string Areas() => string.Join('\n', Dump().Split('\n').Where(static line => line.StartsWith("area", StringComparison.Ordinal)));

    /// <summary>The page entries, a line each.</summary>
    public string Pages() => string.Join('\n', Dump().Split('\n').Where(static line => line.StartsWith("page", StringComparison.Ordinal)));

    /// <summary>The whole state.</summary>
    public string Dump()
    {
        _dump.Clear();
        Space.Dump(this);
        return _dump.ToString().TrimEnd('\n');
    }

    public void VisitArea(in GpuAreaInfo area)
    {
        string state = area.Flags.ToString().Replace(", ", "|", StringComparison.Ordinal);
        Line($"area 0x{area.Start:x} 0x{area.Size:x} {state} {area.Page} {area.Referenced} {area.Memory?.Owner ?? "-"}");
    }

    public void VisitDirectory(int level, VirtualAddress address, int count, ulong low, ulong high) =>
        Line($"directory {level} {address} {count} 0x{low:x} 0x{high:x}");

    public void VisitPages(PageTableSize table, VirtualAddress address, int count, ulong word) =>
        Line($"page {table} {address} {count} 0x{word:x}");

    public void Dispose()
    {
        Tlb.AtFlush = null;
        Check("at the end");
        Space.Dispose();
        Assert.Equal((0, 0), (Memory.LiveBytes, Dma.MappedPages));
        Assert.Equal((0, 0), (Space.PageTableBytes, Space.MappedPages));
        Assert.Equal(0, Space.Counters.LiveTables);
        Assert.Equal(Space.Counters.DmaMaps, Space.Counters.DmaUnmaps);
    }

    private void Line(FormattableString line) => _dump.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
