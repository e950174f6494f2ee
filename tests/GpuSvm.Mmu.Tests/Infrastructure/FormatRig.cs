using GpuSvm.Core;

namespace GpuSvm.Mmu.Tests.Infrastructure;

/// <summary>An address space of any format over recording fakes: the device below it forgets nothing without a flush.</summary>
internal sealed class FormatRig<TFormat> : IDisposable, IMmuBookkeeping
    where TFormat : struct, IPageTableFormat
{
    public FormatRig(ulong start = 0, ulong size = 0, int spareTables = 0)
    {
        Journal = new Journal();
        Memory = new RecordingPageTableMemory(Journal);
        Dma = new RecordingDmaMapper(Journal);
        Tlb = new RecordingTlb(Journal);
        var options = new GpuAddressSpaceOptions { Start = start, Size = size, SpareTables = spareTables, Bookkeeping = this };
        Assert.Equal(Errno.None, GpuAddressSpace.TryCreate<TFormat>(Memory, Dma, Tlb, options, out GpuAddressSpace? space));
        Space = space!;
        Journal.Take();
    }

    public static int PageTableDepth => TFormat.LevelCount - 1;

    public static bool HasSparse => TFormat.SparsePage != 0;

    /// <summary>Bytes that one pair of page tables covers.</summary>
    public static ulong Block => TFormat.Directory(PageTableDepth - 1).EntryCoverage;

    public static ulong SmallPage => TFormat.SmallPageTable.EntryCoverage;

    public static ulong LargePage => TFormat.LargePageTable.EntryCoverage;

    public static int SmallShift => TFormat.SmallPageTable.Shift;

    public static int LargeShift => TFormat.LargePageTable.Shift;

    public static long RootBytes => TFormat.Directory(0).SizeBytes;

    /// <summary>Size of all directories on the way to one pair of page tables.</summary>
    public static long DirectoryBytes => Enumerable.Range(0, PageTableDepth).Sum(depth => (long)TFormat.Directory(depth).SizeBytes);

    public static long SmallTableBytes => TFormat.SmallPageTable.SizeBytes;

    public static long LargeTableBytes => TFormat.LargePageTable.SizeBytes;

    public Journal Journal { get; }

    public RecordingPageTableMemory Memory { get; }

    public RecordingDmaMapper Dma { get; }

    public RecordingTlb Tlb { get; }

    public GpuAddressSpace Space { get; }

    /// <summary>Records that cannot be had.</summary>
    public FailurePoint RecordFailures { get; } = new();

    /// <summary>All page types that can do something.</summary>
    public static IEnumerable<PageType> Types(PageTypeUses uses) =>
        Enumerable.Range(0, TFormat.PageTypeCount).Select(TFormat.PageType).Where(type => type.Can(uses));

    public static GpuMemoryObject Video(ulong address, ulong size, int pageShift) =>
        GpuMemoryObject.Contiguous(Aperture.VideoMemory, address, size, pageShift);

    public bool MayMake(MmuNode node) => !RecordFailures.Fails();

    public Errno TryGet(ulong size, int pageShift = 0, int align = 0, GetFlags flags = GetFlags.MapReferences) =>
        Space.TryGet(new GetRequest(size, pageShift, align, flags), out _);

    public ulong Get(ulong size, int pageShift = 0, int align = 0, GetFlags flags = GetFlags.MapReferences)
    {
        Assert.Equal(Errno.None, Space.TryGet(new GetRequest(size, pageShift, align, flags), out VirtualAddress address));
        return address.Value;
    }

    public void MapOk(ulong address, ulong size, GpuMemoryObject memory, ulong offset = 0) =>
        Assert.Equal(Errno.None, Space.Map(address, size, memory, offset));

    public void UnmapOk(ulong address) => Assert.Equal(Errno.None, Space.Unmap(address));

    public void PutOk(ulong address) => Assert.Equal(Errno.None, Space.Put(address));

    /// <summary>What the device finds.</summary>
    public DecodedEntry Walk(ulong address) => new PageTableCursor<TFormat>(Memory, Space.Root, address).Finish();

    public PageTableEntryKind Kind(ulong address) => Walk(address).Kind;

    /// <summary>A range is one piece of contiguous memory, in pages of one size.</summary>
    public void ExpectPages(ulong address, ulong size, int shift, ulong target)
    {
        for (ulong at = 0; at < size; at += 1UL << shift)
        {
            DecodedEntry entry = Walk(address + at);
            Assert.Equal((PageTableEntryKind.Page, shift, target + at), (entry.Kind, entry.Shift, entry.Address));
        }

        Assert.Equal(Walk(address), Space.Translate(address));
        Assert.Equal(target + size - 1, Walk(address + size - 1).Translate(address + size - 1));
    }

    public void ExpectKind(PageTableEntryKind kind, ulong address, ulong size)
    {
        for (ulong at = 0; at < size; at += SmallPage)
        {
            Assert.True(Kind(address + at) == kind, $"0x{address + at:x} is not {kind}");
        }
    }

    /// <summary>The words of the page tables that cover an address.</summary>
    public Span<ulong> Words(ulong address, PageTableSize size)
    {
        var cursor = new PageTableCursor<TFormat>(Memory, Space.Root, address);
        while (cursor.Depth < PageTableDepth)
        {
            Assert.True(cursor.TryDescend(out _));
        }

        return size == PageTableSize.Large
            ? Memory.Words(cursor.Tables.LargeTable, TFormat.LargePageTable.SizeBytes)
            : Memory.Words(cursor.Tables.Table, TFormat.SmallPageTable.SizeBytes);
    }

    public void ExpectOnlyTheRoot()
    {
        Assert.Equal((RootBytes, RootBytes), (Space.PageTableBytes, Memory.LiveBytes));
        Assert.All(Memory.Words(Space.Root.Address, TFormat.Directory(0).SizeBytes).ToArray(), word => Assert.Equal(0UL, word));
    }

    public void Dispose()
    {
        Tlb.AtFlush = null;
        Assert.Empty(Space.Check());
        Space.Dispose();
        Assert.Equal((0, 0), (Memory.LiveBytes, Dma.MappedPages));
        Assert.Equal((0, 0, 0), (Space.PageTableBytes, Space.MappedPages, Space.Counters.LiveTables));
        Assert.Equal(Space.Counters.DmaMaps, Space.Counters.DmaUnmaps);
    }
}
