using System.Runtime.CompilerServices;

namespace GpuSvm.Mmu.Formats.Gh100;

/// <summary>Page tables of Hopper ("version 3"): 57 bits, six levels.</summary>
/// <remarks>
/// <code>
///   56  55      47 46      38 37      29 28      21 20      12 11       0
///  +---+----------+----------+----------+----------+----------+----------+
///  |PD4|   PD3    |   PD2    |   PD1    |   PD0    |   SPT    |  offset  |   4 KiB pages
///  |   |          |          |          |          | LPT 20:16|  15:0    |   64 KiB pages
///  |   |          |          |          |          |        20:0         |   2 MiB pages
///  |   |          |          |          |             28:0               |   512 MiB pages
///  +---+----------+----------+----------+--------------------------------+
/// </code>
/// docs/formats/gh100.md has every bit with its source. Pages by pfn are ours: nouveau has none for this format, and the vendor's driver
/// maps single pages so. Source: NVIDIA hopper/gh100/dev_mmu.h; Linux 7.0 nouveau vmmgh100.c.
/// </remarks>
public readonly struct Gh100Format : IPageTableFormat
{
    private const int LastDirectory = 4;
    private const int TableAlignment = 0x1000;
    private const int LargePageTableAlignment = 0x100;

    /// <inheritdoc/>
    public static string Name => "gh100";

    /// <inheritdoc/>
    public static IReadOnlyList<EntryLayout> Entries => Gh100Layouts.All;

    /// <inheritdoc/>
    public static int AddressBits => 57;

    /// <inheritdoc/>
    public static int LevelCount => LastDirectory + 2;

    /// <inheritdoc/>
    public static TableLayout SmallPageTable => new(Shift: 12, IndexBits: 9, EntrySizeBytes: 8, TableAlignment);

    /// <inheritdoc/>
    public static TableLayout LargePageTable => new(Shift: 16, IndexBits: 5, EntrySizeBytes: 8, LargePageTableAlignment);

    /// <inheritdoc/>
    public static int PageTypeCount => 7;

    /// <inheritdoc/>
    public static ulong SparsePage => Gh100Pte.Sparse.Bits;

    /// <inheritdoc/>
    public static ulong NoSmallPages => Gh100Pte.NoSmallPages.Bits;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TableLayout Directory(int depth) => depth switch
    {
        0 => new(Shift: 56, IndexBits: 1, EntrySizeBytes: 8, TableAlignment), // PD4
        1 => new(Shift: 47, IndexBits: 9, EntrySizeBytes: 8, TableAlignment), // PD3
        2 => new(Shift: 38, IndexBits: 9, EntrySizeBytes: 8, TableAlignment), // PD2
        3 => new(Shift: 29, IndexBits: 9, EntrySizeBytes: 8, TableAlignment), // PD1
        LastDirectory => new(Shift: 21, IndexBits: 8, EntrySizeBytes: 16, TableAlignment), // PD0
        _ => throw new ArgumentOutOfRangeException(nameof(depth), depth, "GH100 has directories of depth 0 to 4."),
    };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PageType PageType(int index) => index switch
    {
        0 => new(Shift: 56, PageTypeUses.Sparse),
        1 => new(Shift: 47, PageTypeUses.Sparse),
        2 => new(Shift: 38, PageTypeUses.Sparse),
        3 => new(Shift: 29, PageTypeUses.Sparse | PageTypeUses.VideoMemory),
        4 => new(Shift: 21, PageTypeUses.Sparse | PageTypeUses.VideoMemory | PageTypeUses.Pfn),
        5 => new(Shift: 16, PageTypeUses.Sparse | PageTypeUses.VideoMemory),
        6 => new(Shift: 12, PageTypeUses.Sparse | PageTypeUses.VideoMemory | PageTypeUses.SystemMemory | PageTypeUses.Pfn),
        _ => throw new ArgumentOutOfRangeException(nameof(index), index, "GH100 has page types 0 to 6."),
    };

    /// <inheritdoc/>
    /// <remarks>All kinds without compression. Source: Linux nouveau mmutu102.c, tu102_mmu_kind.</remarks>
    public static bool HasKind(byte kind) => kind <= 0x06;

    /// <inheritdoc/>
    public static bool HasAttributes(PageAttributes attributes) => (attributes & PageAttributes.Encrypted) == 0;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DecodedEntry DecodeDirectory(int depth, ulong low, ulong high) =>
        depth == LastDirectory ? new Gh100DualPde(low, high).Decode() : new Gh100Pde(low).Decode(Directory(depth).Shift);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DecodedEntry DecodeSmallPage(ulong word) => new Gh100Pte(word).Decode(SmallPageTable.Shift, PageTableSize.Small);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DecodedEntry DecodeLargePage(ulong word) => new Gh100Pte(word).Decode(LargePageTable.Shift, PageTableSize.Large);

    /// <inheritdoc/>
    public static void EncodeDirectory(int depth, TablePair tables, out ulong low, out ulong high)
    {
        if (depth == LastDirectory)
        {
            (low, high) = Gh100DualPde.Tables(new TableLink(tables.LargeTable), new TableLink(tables.Table));
        }
        else
        {
            low = Gh100Pde.Table(new TableLink(tables.Table)).Bits;
            high = 0;
        }
    }

    /// <inheritdoc/>
    public static ulong SparseDirectory(int depth) => Gh100Pde.Sparse.Bits;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool CanAddress(PageTarget target) => Gh100Pte.CanAddress(target.Address);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong EncodePage(PageTarget target, TranslationRights rights) => Gh100Pte.Page(
        target.Aperture, target.Address, rights, target.IsSystemMemory ? PageAttributes.Volatile : PageAttributes.None, peer: target.Peer).Bits;

    /// <inheritdoc/>
    public static ulong EncodePage(PageTarget target, TranslationRights rights, PageAttributes attributes, byte kind) =>
        Gh100Pte.Page(target.Aperture, target.Address, rights, attributes, kind, target.Peer).Bits;

    /// <inheritdoc/>
    public static ulong PageStep(int shift) => 1UL << shift;

    /// <inheritdoc/>
    public static void EncodeVideoPages(ReadOnlySpan<PfnEntry> pfns, Span<ulong> entries)
    {
        for (int i = 0; i < pfns.Length; i++)
        {
            entries[i] = EncodePage(new PageTarget(Aperture.VideoMemory, pfns[i].Address), pfns[i].Rights);
        }
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsValidPage(ulong word) => new Gh100Pte(word).IsValid;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PageTarget TargetOf(ulong word) => new(new Gh100Pte(word).Aperture, new Gh100Pte(word).Address, new Gh100Pte(word).Peer);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool OnlyWidens(ulong before, ulong after) => new Gh100Pte(before).OnlyWidens(new Gh100Pte(after));
}
