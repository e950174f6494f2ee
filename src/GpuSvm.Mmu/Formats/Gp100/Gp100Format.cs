using System.Runtime.CompilerServices;

namespace GpuSvm.Mmu.Formats.Gp100;

/// <summary>Page tables of Pascal, and of Volta, Turing, Ampere and Ada ("version 2"): 49 bits, five levels.</summary>
/// <remarks>
/// <code>
///   48 47 46      38 37      29 28      21 20      12 11       0
///  +-----+----------+----------+----------+----------+----------+
///  | PD3 |   PD2    |   PD1    |   PD0    |   SPT    |  offset  |   4 KiB pages
///  |     |          |          |          | LPT 20:16|  15:0    |   64 KiB pages
///  |     |          |          |          |        20:0         |   2 MiB pages
///  +-----+----------+----------+----------+---------------------+
/// </code>
/// docs/formats/gp100.md has every bit with its source. Source: NVIDIA pascal/gp100/dev_mmu.h; Linux 7.0 nouveau vmmgp100.c.
/// </remarks>
public readonly struct Gp100Format : IPageTableFormat
{
    private const int LastDirectory = 3;
    private const int TableAlignment = 0x1000;
    private const int LargePageTableAlignment = 0x100;

    /// <inheritdoc/>
    public static string Name => "gp100";

    /// <inheritdoc/>
    public static int AddressBits => 49;

    /// <inheritdoc/>
    public static IReadOnlyList<EntryLayout> Entries => Gp100Layouts.All;

    /// <inheritdoc/>
    public static int LevelCount => LastDirectory + 2;

    /// <inheritdoc/>
    public static TableLayout SmallPageTable => new(Shift: 12, IndexBits: 9, EntrySizeBytes: 8, TableAlignment);

    /// <inheritdoc/>
    public static TableLayout LargePageTable => new(Shift: 16, IndexBits: 5, EntrySizeBytes: 8, LargePageTableAlignment);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TableLayout Directory(int depth) => depth switch
    {
        0 => new(Shift: 47, IndexBits: 2, EntrySizeBytes: 8, TableAlignment), // PD3
        1 => new(Shift: 38, IndexBits: 9, EntrySizeBytes: 8, TableAlignment), // PD2
        2 => new(Shift: 29, IndexBits: 9, EntrySizeBytes: 8, TableAlignment), // PD1
        LastDirectory => new(Shift: 21, IndexBits: 8, EntrySizeBytes: 16, TableAlignment), // PD0
        _ => throw new ArgumentOutOfRangeException(nameof(depth), depth, "GP100 has directories of depth 0 to 3."),
    };

    /// <inheritdoc/>
    public static int PageTypeCount => 6;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PageType PageType(int index) => index switch
    {
        0 => new(Shift: 47, PageTypeUses.Sparse),
        1 => new(Shift: 38, PageTypeUses.Sparse),
        2 => new(Shift: 29, PageTypeUses.Sparse),
        3 => new(Shift: 21, PageTypeUses.Sparse | PageTypeUses.VideoMemory | PageTypeUses.Pfn),
        4 => new(Shift: 16, PageTypeUses.Sparse | PageTypeUses.VideoMemory),
        5 => new(Shift: 12, PageTypeUses.Sparse | PageTypeUses.VideoMemory | PageTypeUses.SystemMemory | PageTypeUses.Pfn),
        _ => throw new ArgumentOutOfRangeException(nameof(index), index, "GP100 has page types 0 to 5."),
    };

    /// <inheritdoc/>
    /// <remarks>Pitch and generic 16Bx2. Source: Linux nouveau mmugm200.c, without the kinds that need compression tags.</remarks>
    public static bool HasKind(byte kind) => kind is 0x00 or 0xfe;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DecodedEntry DecodeDirectory(int depth, ulong low, ulong high) =>
        depth == LastDirectory ? new Gp100DualPde(low, high).Decode() : new Gp100Pde(low).Decode(Directory(depth).Shift);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DecodedEntry DecodeSmallPage(ulong word) => new Gp100Pte(word).Decode(SmallPageTable.Shift, PageTableSize.Small);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DecodedEntry DecodeLargePage(ulong word) => new Gp100Pte(word).Decode(LargePageTable.Shift, PageTableSize.Large);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void EncodeDirectory(int depth, TablePair tables, out ulong low, out ulong high)
    {
        if (depth == LastDirectory)
        {
            (low, high) = Gp100DualPde.Tables(new TableLink(tables.LargeTable), new TableLink(tables.Table));
        }
        else
        {
            low = Gp100Pde.Table(new TableLink(tables.Table)).Bits;
            high = 0;
        }
    }

    /// <inheritdoc/>
    public static ulong SparseDirectory(int depth) => Gp100Pde.Sparse.Bits;

    /// <inheritdoc/>
    public static ulong SparsePage => Gp100Pte.Sparse.Bits;

    /// <inheritdoc/>
    public static ulong NoSmallPages => Gp100Pte.NoSmallPages.Bits;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool CanAddress(PageTarget target) => Gp100Pte.CanAddress(target.Aperture, target.Address);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong EncodePage(PageTarget target, TranslationRights rights) => Gp100Pte.Page(
        target.Aperture, target.Address, rights, target.IsSystemMemory ? PageAttributes.Volatile : PageAttributes.None, peer: target.Peer).Bits;

    /// <inheritdoc/>
    public static ulong EncodePage(PageTarget target, TranslationRights rights, PageAttributes attributes, byte kind) =>
        Gp100Pte.Page(target.Aperture, target.Address, rights, attributes, kind, target.Peer).Bits;

    /// <inheritdoc/>
    public static ulong PageStep(int shift) => Gp100Pte.AddressStep(shift);

    /// <inheritdoc/>
    public static void EncodeVideoPages(ReadOnlySpan<PfnEntry> pfns, Span<ulong> entries) => Gp100Pte.EncodeVideoPages(pfns, entries);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsValidPage(ulong word) => new Gp100Pte(word).IsValid;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PageTarget TargetOf(ulong word) => new(new Gp100Pte(word).Aperture, new Gp100Pte(word).Address, new Gp100Pte(word).Peer);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool OnlyWidens(ulong before, ulong after) => new Gp100Pte(before).OnlyWidens(new Gp100Pte(after));
}
