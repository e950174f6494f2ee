using GpuSvm.Core;
using GpuSvm.Mmu.Formats.Gp100;

namespace GpuSvm.Mmu.Tests.Infrastructure;

/// <summary>An address space over recording fakes.</summary>
internal sealed class AddressSpaceFixture : IDisposable
{
    public const TranslationRights ReadOnly = TranslationRights.Read;
    public const TranslationRights ReadWrite = TranslationRights.Read | TranslationRights.Write;
    public const TranslationRights All = ReadWrite | TranslationRights.Atomic;

    /// <summary>Size of the root: four entries of eight bytes.</summary>
    public const long RootBytes = 32;

    /// <summary>Root, PD2, PD1, PD0 and a small page table.</summary>
    public const long OneLeafBytes = RootBytes + 4 * 4096;

    public AddressSpaceFixture()
    {
        Journal = new Journal();
        Memory = new RecordingPageTableMemory(Journal);
        Dma = new RecordingDmaMapper(Journal);
        Tlb = new RecordingTlb(Journal);
        Assert.Equal(Errno.None, GpuAddressSpace.TryCreate(Memory, Dma, Tlb, out GpuAddressSpace? space));
        Space = space!;
        Journal.Take();
    }

    public Journal Journal { get; }

    public RecordingPageTableMemory Memory { get; }

    public RecordingDmaMapper Dma { get; }

    public RecordingTlb Tlb { get; }

    public GpuAddressSpace Space { get; }

    public static PfnEntry Host(ulong frame, TranslationRights rights = All) => PfnEntry.Host(new FrameNumber(frame), rights);

    public static PfnEntry Video(ulong address, TranslationRights rights = All) => PfnEntry.VideoMemory(address, rights);

    public Errno Map(ulong address, params PfnEntry[] pfns) => Space.PfnMap(Page.Shift, address, pfns);

    public void MapOk(ulong address, params PfnEntry[] pfns) => Assert.Equal(Errno.None, Map(address, pfns));

    public void UnmapOk(ulong start, ulong end) => Assert.Equal(Errno.None, Space.PfnUnmap(new AddressRange(start, end)));

    /// <summary>What the device finds, read from the bytes.</summary>
    public DecodedEntry Walk(ulong address) => new PageTableCursor<Gp100Format>(Memory, Space.Root, address).Finish();

    /// <summary>The raw words of the table that the walk of an address reaches at a depth.</summary>
    public Span<ulong> TableAt(ulong address, int depth)
    {
        var cursor = new PageTableCursor<Gp100Format>(Memory, Space.Root, address);
        while (cursor.Depth < depth)
        {
            Assert.True(cursor.TryDescend(out _));
        }

        TableLayout layout = depth == Gp100Format.LevelCount - 1 ? Gp100Format.SmallPageTable : Gp100Format.Directory(depth);
        return Memory.Words(cursor.Tables.Table, layout.SizeBytes);
    }

    public void Dispose()
    {
        Tlb.AtFlush = null;
        Space.Dispose();
        Assert.Equal(0, Memory.LiveBytes);
        Assert.Equal(0, Dma.MappedPages);
        Assert.Equal(0, Space.PageTableBytes);
        Assert.Equal(0, Space.MappedPages);
    }
}
