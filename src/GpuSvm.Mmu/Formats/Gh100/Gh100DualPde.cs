namespace GpuSvm.Mmu.Formats.Gh100;

/// <summary>A GH100 directory entry of PD0: 16 bytes that name a large and a small page table, or are a page of 2 MiB.</summary>
/// <param name="Low">The first word: the large page table, or the page.</param>
/// <param name="High">The second word: the small page table.</param>
/// <remarks>
/// <code>
///        63     52 51                       12 11  8 7 6 5  4  3  2  1  0
///       +---------+---------------------------------+---+--+--+--+-----+--+
///  low  |    0    |           ADDRESS_BIG           | 0 | 0|NH|UC|aper.| P|   P = 1: a page; the word is a PTE
///       +---------+---------------------------+-----+---+--+--+--+-----+--+
///  high |    0    |       ADDRESS_SMALL       |  0  | 0 | 0|NH|UC|aper.| 0|
///       +---------+---------------------------+-----+---+--+--+--+-----+--+
/// </code>
/// The manual numbers the second word's bits 127:64. A large page table is aligned to 256 bytes, a small one to 4096. The other fields
/// are those of <see cref="Gh100Pde"/>. No large table and UC = 1 in the low word is sparse.
/// Source: NVIDIA open-gpu-kernel-modules 590.48, swref/published/hopper/gh100/dev_mmu.h, NV_MMU_VER3_DUAL_PDE;
/// Linux 7.0 nouveau vmmgh100.c.
/// </remarks>
public readonly record struct Gh100DualPde(ulong Low, ulong High)
{
    private const int PageShift = 21;

    /// <summary>Neither a table nor a page.</summary>
    public static Gh100DualPde Invalid => default;

    /// <summary>Neither a table nor a page; loads of the 2 MiB read zero, stores are dropped.</summary>
    public static Gh100DualPde Sparse => new(Gh100Pde.Sparse.Bits, 0);

    /// <summary>True if the entry is itself a page of 2 MiB.</summary>
    public bool IsPage => AsPage.IsValid;

    /// <summary>The low word as the page that it maps when <see cref="IsPage"/> holds.</summary>
    public Gh100Pte AsPage => new(Low);

    /// <summary>The large page table, or none.</summary>
    public TableLink Large => IsPage ? default : Gh100TableField.Decode(Low, Gh100TableField.LargePageTable);

    /// <summary>The small page table, or none.</summary>
    public TableLink Small => IsPage ? default : Gh100TableField.Decode(High, Gh100TableField.Table);

    /// <summary>Names page tables.</summary>
    /// <param name="large">The large page table: a multiple of 256 bytes; or none.</param>
    /// <param name="small">The small page table: a multiple of 4096 bytes; or none.</param>
    /// <param name="host">Whether the host may be asked for a translation.</param>
    /// <exception cref="ArgumentException">An address is unaligned or too wide; or what an entry cannot say.</exception>
    public static Gh100DualPde Tables(TableLink large, TableLink small, HostTranslation host = HostTranslation.NotAllowed) => new(
        Gh100TableField.Encode(large, Gh100TableField.LargePageTable, host),
        Gh100TableField.Encode(small, Gh100TableField.Table, host));

    /// <summary>Maps a page of 2 MiB.</summary>
    /// <param name="page">A valid entry whose address is a multiple of 2 MiB.</param>
    /// <exception cref="ArgumentException">It is not.</exception>
    public static Gh100DualPde Page(Gh100Pte page)
    {
        if (!page.IsValid || (page.Address & ((1UL << PageShift) - 1)) != 0)
        {
            throw new ArgumentException($"0x{page.Bits:x} is not a valid entry for a page aligned to 2 MiB.", nameof(page));
        }

        return new Gh100DualPde(page.Bits, 0);
    }

    /// <summary>The entry as a walker understands it: what the low word says counts before the small table.</summary>
    internal DecodedEntry Decode()
    {
        if (IsPage)
        {
            return AsPage.Decode(PageShift, PageTableSize.Large);
        }

        if (Gh100TableField.IsSparse(Low))
        {
            return new DecodedEntry(PageTableEntryKind.Sparse, PageShift);
        }

        ulong large = Gh100TableField.DecodeAddress(Low, Gh100TableField.LargePageTable);
        ulong small = Gh100TableField.DecodeAddress(High, Gh100TableField.Table);
        return (large | small) == 0
            ? new DecodedEntry(PageTableEntryKind.Invalid, PageShift)
            : new DecodedEntry(PageTableEntryKind.Table, PageShift, Address: small, LargeTable: large);
    }
}
