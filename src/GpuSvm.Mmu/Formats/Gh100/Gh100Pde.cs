namespace GpuSvm.Mmu.Formats.Gh100;

/// <summary>A GH100 directory entry of PD4 to PD1: the 8 bytes that name the directory of the next depth; or in PD1 a page of 512 MiB.</summary>
/// <param name="Bits">The word as it stands in memory, little-endian.</param>
/// <remarks>
/// <code>
///   63     52 51                           12 11   6 5  4  3  2  1  0
///  +---------+-------------------------------+------+--+--+--+-----+--+
///  |    0    |            ADDRESS            |  0   | 0|NH|UC|aper.| P|   P = 1: a page; the word is a PTE
///  +---------+-------------------------------+------+--+--+--+-----+--+
///  aperture: 0 none, 1 video memory, 2 system coherent, 3 system non-coherent. No table and UC = 1 is sparse.
/// </code>
/// PCF is bits 5:3: UC, the table is not cached; NH, the host is not asked for a translation (no ATS). PD4 to PD2 have no pages: there P = 1
/// is invalid. Source: NVIDIA open-gpu-kernel-modules 590.48, swref/published/hopper/gh100/dev_mmu.h, NV_MMU_VER3_PDE;
/// Linux 7.0 nouveau vmmgh100.c.
/// </remarks>
public readonly record struct Gh100Pde(ulong Bits)
{
    private const ulong IsPageBit = 1 << 0;
    private const ulong SparseBits = 1 << 3;
    private const int PageShift = 29;

    /// <summary>No table.</summary>
    public static Gh100Pde Invalid => default;

    /// <summary>No table; loads of the whole range read zero, stores are dropped.</summary>
    public static Gh100Pde Sparse => new(SparseBits);

    /// <summary>True if the entry is a page; only PD1 has pages, of 512 MiB.</summary>
    public bool IsPage => (Bits & IsPageBit) != 0;

    /// <summary>The page that the entry maps when <see cref="IsPage"/> holds.</summary>
    public Gh100Pte AsPage => new(Bits);

    /// <summary>The table named, or none.</summary>
    public TableLink Link => IsPage ? default : Gh100TableField.Decode(Bits, Gh100TableField.Table);

    /// <summary>Whether the host may be asked for a translation.</summary>
    public HostTranslation Host => Gh100TableField.HostOf(Bits);

    /// <summary>Names a table.</summary>
    /// <param name="link">Address: a multiple of 4096, below 2^52. No table: invalid.</param>
    /// <param name="host">Whether the host may be asked for a translation.</param>
    /// <exception cref="ArgumentException">The address is unaligned or too wide; or what an entry cannot say.</exception>
    public static Gh100Pde Table(TableLink link, HostTranslation host = HostTranslation.NotAllowed) =>
        new(Gh100TableField.Encode(link, Gh100TableField.Table, host));

    /// <summary>Maps a page of 512 MiB.</summary>
    /// <param name="page">A valid entry whose address is a multiple of 512 MiB.</param>
    /// <exception cref="ArgumentException">It is not.</exception>
    public static Gh100Pde Page(Gh100Pte page)
    {
        if (!page.IsValid || (page.Address & ((1UL << PageShift) - 1)) != 0)
        {
            throw new ArgumentException($"0x{page.Bits:x} is not a valid entry for a page aligned to 512 MiB.", nameof(page));
        }

        return new Gh100Pde(page.Bits);
    }

    /// <summary>The entry as a walker understands it.</summary>
    /// <param name="shift">Binary logarithm of the bytes that the entry covers.</param>
    internal DecodedEntry Decode(int shift)
    {
        if (IsPage)
        {
            return shift == PageShift
                ? AsPage.Decode(PageShift, PageTableSize.Large)
                : new DecodedEntry(PageTableEntryKind.Invalid, (byte)shift);
        }

        ulong table = Gh100TableField.DecodeAddress(Bits, Gh100TableField.Table);
        if (table != 0)
        {
            return new DecodedEntry(PageTableEntryKind.Table, (byte)shift, Address: table);
        }

        return new DecodedEntry(
            Gh100TableField.IsSparse(Bits) ? PageTableEntryKind.Sparse : PageTableEntryKind.Invalid, (byte)shift);
    }
}
