using System.Runtime.CompilerServices;

namespace GpuSvm.Mmu.Formats.Gf100;

/// <summary>Page tables of Fermi, Kepler and Maxwell ("version 1"): 40 bits, two levels.</summary>
/// <typeparam name="TGeneration">What an invalid entry can say.</typeparam>
/// <typeparam name="TLargePage">The size of large pages.</typeparam>
/// <remarks>
/// <code>
///   39           27 26           12 11       0
///  +---------------+---------------+----------+
///  |      PD       |      SPT      |  offset  |   4 KiB pages
///  |               |  LPT 26:17    |  16:0    |   128 KiB pages
///  +---------------+---------------+----------+
///  With pages of 64 KiB: PD 39:26, SPT 25:12, LPT 25:16.
/// </code>
/// docs/formats/gf100.md has every bit with its source. There are no pages by pfn: the hardware cannot stop at a fault and go on.
/// Source: NVIDIA maxwell/gm107/dev_mmu.h; Linux 7.0 nouveau vmmgf100.c, vmmgk104.c, vmmgm200.c.
/// </remarks>
public readonly struct Gf100Format<TGeneration, TLargePage> : IPageTableFormat
    where TGeneration : struct, IGf100Generation
    where TLargePage : struct, IGf100LargePage
{
    private const int TableAlignment = 0x1000;
    private const int LargeIndexBits = 10;

    /// <inheritdoc/>
    public static string Name => $"{TGeneration.Name}-{(1 << TLargePage.Shift) >> 10}k";

    /// <inheritdoc/>
    public static IReadOnlyList<EntryLayout> Entries => Gf100Layouts.Of<TGeneration>();

    /// <inheritdoc/>
    public static int AddressBits => 40;

    /// <inheritdoc/>
    public static int LevelCount => 2;

    /// <inheritdoc/>
    public static TableLayout SmallPageTable => new(Shift: 12, IndexBits: DirectoryShift - 12, EntrySizeBytes: 8, TableAlignment);

    /// <inheritdoc/>
    public static TableLayout LargePageTable => new(TLargePage.Shift, LargeIndexBits, EntrySizeBytes: 8, TableAlignment);

    /// <inheritdoc/>
    public static int PageTypeCount => TGeneration.HasSparse ? 3 : 2;

    /// <inheritdoc/>
    public static ulong SparsePage => TGeneration.HasSparse ? Gf100Pte.Sparse.Bits : 0;

    /// <inheritdoc/>
    public static ulong NoSmallPages => TGeneration.HasNoSmallPages ? Gf100Pte.NoSmallPages.Bits : 0;

    private static int DirectoryShift => TLargePage.Shift + LargeIndexBits;

    private static PageTypeUses Sparse => TGeneration.HasSparse ? PageTypeUses.Sparse : PageTypeUses.None;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TableLayout Directory(int depth)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(depth, 0);
        return new(DirectoryShift, IndexBits: AddressBits - DirectoryShift, EntrySizeBytes: 8, TableAlignment);
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PageType PageType(int index) => (PageTypeCount - index) switch
    {
        3 when TGeneration.HasSparse => new(DirectoryShift, PageTypeUses.Sparse),
        2 => new(TLargePage.Shift, Sparse | PageTypeUses.VideoMemory),
        1 => new(Shift: 12, Sparse | PageTypeUses.VideoMemory | PageTypeUses.SystemMemory),
        _ => throw new ArgumentOutOfRangeException(nameof(index), index, "GF100 has page types 0 and 1, GM200 0 to 2."),
    };

    /// <inheritdoc/>
    /// <remarks>All kinds that need no compression tags. Source: Linux nouveau mmugf100.c, gf100_mmu_kind.</remarks>
    public static bool HasKind(byte kind) => kind is 0x00 or 0x01 or 0x11 or (>= 0x26 and <= 0x29) or 0x46 or 0x7b
        or (>= 0x8b and <= 0x8e) or (>= 0xa7 and <= 0xaa) or 0xc3 or 0xfd or 0xfe;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DecodedEntry DecodeDirectory(int depth, ulong low, ulong high) => new Gf100Pde(low).Decode<TGeneration>(DirectoryShift);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DecodedEntry DecodeSmallPage(ulong word) =>
        new Gf100Pte(word).Decode<TGeneration>(SmallPageTable.Shift, PageTableSize.Small);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static DecodedEntry DecodeLargePage(ulong word) =>
        new Gf100Pte(word).Decode<TGeneration>(TLargePage.Shift, PageTableSize.Large);

    /// <inheritdoc/>
    public static void EncodeDirectory(int depth, TablePair tables, out ulong low, out ulong high)
    {
        low = Gf100Pde.Tables(new TableLink(tables.LargeTable), new TableLink(tables.Table)).Bits;
        high = 0;
    }

    /// <inheritdoc/>
    public static ulong SparseDirectory(int depth) => TGeneration.HasSparse ? Gf100Pde.Sparse.Bits : 0;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool CanAddress(PageTarget target) => Gf100Pte.CanAddress(target.Aperture, target.Address);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong EncodePage(PageTarget target, TranslationRights rights) => Gf100Pte.Page(
        target.Aperture, target.Address, rights, target.IsSystemMemory ? PageAttributes.Volatile : PageAttributes.None, peer: target.Peer).Bits;

    /// <inheritdoc/>
    public static ulong EncodePage(PageTarget target, TranslationRights rights, PageAttributes attributes, byte kind) =>
        Gf100Pte.Page(target.Aperture, target.Address, rights, attributes, kind, target.Peer).Bits;

    /// <inheritdoc/>
    public static ulong PageStep(int shift) => Gf100Pte.AddressStep(shift);

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
    public static bool IsValidPage(ulong word) => new Gf100Pte(word).IsValid;

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static PageTarget TargetOf(ulong word) => new(new Gf100Pte(word).Aperture, new Gf100Pte(word).Address, new Gf100Pte(word).Peer);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool OnlyWidens(ulong before, ulong after) => new Gf100Pte(before).OnlyWidens(new Gf100Pte(after));
}
