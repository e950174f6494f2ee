namespace GpuSvm.Mmu.Formats.Gp100;

/// <summary>A GP100 directory entry of PD0: 16 bytes that name a large and a small page table, or are a page of 2 MiB.</summary>
/// <param name="Low">The first word: the large page table, or the page.</param>
/// <param name="High">The second word: the small page table.</param>
/// <remarks>
/// <code>
///        63    54 53        33 32                    8 7     4  3  2  1  0
///       +--------+------------+-----------------------+-------+--+-----+--+
///  low  |   0    |        ADDRESS_BIG (53:4, or 32:4 of VID)  |VO|aper.| P|   P = 1: a page; the word is a PTE
///       +--------+------------+-----------------------+-------+--+-----+--+
///  high |   0    |    ADDRESS_SMALL (53:8, or 32:8)   |   0   |VO|aper.| 0|
///       +--------+------------------------------------+-------+--+-----+--+
/// </code>
/// The manual numbers the second word's bits 127:64. A large page table is aligned to 256 bytes, a small one to 4096. Apertures as in
/// <see cref="Gp100Pde"/>. No large table and VO = 1 in the low word is sparse.
/// Source: NVIDIA open-gpu-kernel-modules 590.48, swref/published/pascal/gp100/dev_mmu.h,
/// NV_MMU_VER2_DUAL_PDE; Linux 7.0 nouveau vmmgp100.c.
/// </remarks>
public readonly record struct Gp100DualPde(ulong Low, ulong High)
{
    private const int PageShift = 21;

    /// <summary>Neither a table nor a page.</summary>
    public static Gp100DualPde Invalid => default;

    /// <summary>Neither a table nor a page; loads of the 2 MiB read zero, stores are dropped.</summary>
    public static Gp100DualPde Sparse => new(Gp100Pde.Sparse.Bits, 0);

    /// <summary>True if the entry is itself a page of 2 MiB.</summary>
    public bool IsPage => AsPage.IsValid;

    /// <summary>The low word as the page that it maps when <see cref="IsPage"/> holds.</summary>
    public Gp100Pte AsPage => new(Low);

    /// <summary>The large page table, or none.</summary>
    public TableLink Large => IsPage ? default : Gp100TableField.Decode(Low, Gp100TableField.LargePageTable);

    /// <summary>The small page table, or none.</summary>
    public TableLink Small => IsPage ? default : Gp100TableField.Decode(High, Gp100TableField.Table);

    /// <summary>Names page tables.</summary>
    /// <param name="large">The large page table: a multiple of 256 bytes; or none.</param>
    /// <param name="small">The small page table: a multiple of 4096 bytes; or none.</param>
    /// <exception cref="ArgumentException">An address is unaligned or too wide; or what an entry cannot say.</exception>
    public static Gp100DualPde Tables(TableLink large, TableLink small) => new(
        Gp100TableField.Encode(large, Gp100TableField.LargePageTable),
        Gp100TableField.Encode(small, Gp100TableField.Table));

    /// <summary>Maps a page of 2 MiB.</summary>
    /// <param name="page">A valid entry whose address is a multiple of 2 MiB.</param>
    /// <exception cref="ArgumentException">It is not.</exception>
    public static Gp100DualPde Page(Gp100Pte page)
    {
        if (!page.IsValid || (page.Address & ((1UL << PageShift) - 1)) != 0)
        {
            throw new ArgumentException($"0x{page.Bits:x} is not a valid entry for a page aligned to 2 MiB.", nameof(page));
        }

        return new Gp100DualPde(page.Bits, 0);
    }

    /// <summary>The entry as a walker understands it: what the low word says counts before the small table.</summary>
    internal DecodedEntry Decode()
    {
        if (IsPage)
        {
            return AsPage.Decode(PageShift, PageTableSize.Large);
        }

        ulong large = Gp100TableField.DecodeAddress(Low, Gp100TableField.LargePageTable);
        ulong small = Gp100TableField.DecodeAddress(High, Gp100TableField.Table);
        if (large == 0 && (small == 0 || Gp100TableField.IsSparse(Low)))
        {
            bool sparse = Gp100TableField.IsSparse(Low) || Gp100TableField.IsSparse(High);
            return new DecodedEntry(sparse ? PageTableEntryKind.Sparse : PageTableEntryKind.Invalid, PageShift);
        }

        return new DecodedEntry(PageTableEntryKind.Table, PageShift, Address: small, LargeTable: large);
    }
}
