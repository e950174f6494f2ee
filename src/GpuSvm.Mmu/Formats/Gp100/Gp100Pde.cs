namespace GpuSvm.Mmu.Formats.Gp100;

/// <summary>A GP100 directory entry of PD3, PD2 or PD1: the 8 bytes that name the directory of the next depth.</summary>
/// <param name="Bits">The word as it stands in memory, little-endian.</param>
/// <remarks>
/// <code>
///   63       54 53          33 32                 8 7   4  3  2  1  0
///  +-----------+--------------+--------------------+-----+--+-----+--+
///  |     0     |       0      |    ADDRESS_VID     |  0  |VO|aper.| 0|   video memory
///  |           |            ADDRESS_SYS            |     |  |     |  |   system memory
///  +-----------+-----------------------------------+-----+--+-----+--+
///  aperture: 0 none, 1 video memory, 2 system coherent, 3 system non-coherent. No table and VO = 1 is sparse.
/// </code>
/// Addresses are byte addresses divided by 4096. Bit 0 set would make it a page, which PD3 to PD1 of GP100 do not have: invalid.
/// Source: NVIDIA open-gpu-kernel-modules 590.48, swref/published/pascal/gp100/dev_mmu.h, NV_MMU_VER2_PDE;
/// Linux 7.0 nouveau vmmgp100.c.
/// </remarks>
public readonly record struct Gp100Pde(ulong Bits)
{
    private const ulong IsPageBit = 1 << 0;
    private const ulong VolatileBit = 1 << 3;

    /// <summary>No table.</summary>
    public static Gp100Pde Invalid => default;

    /// <summary>No table; loads of the whole range read zero, stores are dropped.</summary>
    public static Gp100Pde Sparse => new(VolatileBit);

    /// <summary>The table named, or none.</summary>
    public TableLink Link => (Bits & IsPageBit) != 0 ? default : Gp100TableField.Decode(Bits, Gp100TableField.Table);

    /// <summary>Names a table.</summary>
    /// <param name="link">Address: a multiple of 4096, below 2^37 in video memory, 2^58 in system memory. No table: invalid.</param>
    /// <exception cref="ArgumentException">The address is unaligned or too wide; or what an entry cannot say.</exception>
    public static Gp100Pde Table(TableLink link) => new(Gp100TableField.Encode(link, Gp100TableField.Table));

    /// <summary>The entry as a walker understands it.</summary>
    /// <param name="shift">Binary logarithm of the bytes that the entry covers.</param>
    internal DecodedEntry Decode(int shift)
    {
        ulong table = (Bits & IsPageBit) != 0 ? 0 : Gp100TableField.DecodeAddress(Bits, Gp100TableField.Table);
        if (table != 0)
        {
            return new DecodedEntry(PageTableEntryKind.Table, (byte)shift, Address: table);
        }

        return new DecodedEntry(
            Gp100TableField.IsSparse(Bits) ? PageTableEntryKind.Sparse : PageTableEntryKind.Invalid, (byte)shift);
    }
}
