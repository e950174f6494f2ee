namespace GpuSvm.Mmu.Formats.Gf100;

/// <summary>A GF100 directory entry: 8 bytes that name a large and a small page table.</summary>
/// <param name="Bits">The word as it stands in memory, little-endian.</param>
/// <remarks>
/// <code>
///   63           36 35 34 33 32 31            4 3  2 1   0
///  +---------------+--+--+-----+---------------+----+-----+
///  | ADDRESS_SMALL |VB|VS|aper.|  ADDRESS_BIG  |size|aper.|
///  +---------------+--+--+-----+---------------+----+-----+
///  aperture: 0 none, 1 video memory, 2 system coherent, 3 system non-coherent.
///  VB and VS: VOL of the large and the small table. From GM200 on, no large table and VB = 1 is sparse.
/// </code>
/// Addresses are byte addresses divided by 4096; in video memory the three highest bits of a field are 0. SIZE, how much of the small
/// table there is, is 0 here: all of it.
/// Source: NVIDIA open-gpu-kernel-modules 590.48, swref/published/maxwell/gm107/dev_mmu.h, NV_MMU_PDE; Linux 7.0 nouveau vmmgf100.c.
/// </remarks>
public readonly record struct Gf100Pde(ulong Bits)
{
    private const ulong VolatileSmallBit = 1UL << 34;
    private const ulong VolatileBigBit = 1UL << 35;
    private const ulong VideoMemoryCode = 1;
    private const int HalfBits = 32;
    private const int AddressShift = 8;

    /// <summary>No tables.</summary>
    public static Gf100Pde Invalid => default;

    /// <summary>From GM200 on: no tables; loads of the whole range read zero, stores are dropped.</summary>
    public static Gf100Pde Sparse => new(VolatileBigBit);

    /// <summary>The large page table, or none.</summary>
    public TableLink Large => Decode(Bits, VolatileBigBit);

    /// <summary>The small page table, or none.</summary>
    public TableLink Small => Decode(Bits >> HalfBits, VolatileSmallBit);

    private static BitField ApertureField => new(1, 0);

    /// <summary>Names page tables.</summary>
    /// <param name="large">The large page table: a multiple of 4096, below 2^37 in video memory, 2^40 in system memory; or none.</param>
    /// <param name="small">The small page table; or none.</param>
    /// <exception cref="ArgumentException">An address is unaligned or too wide; or what an entry cannot say.</exception>
    public static Gf100Pde Tables(TableLink large, TableLink small) => new(
        Encode(large) | VolatileBit(large, VolatileBigBit) | (Encode(small) << HalfBits) | VolatileBit(small, VolatileSmallBit));

    /// <summary>The entry as a walker of a generation understands it.</summary>
    /// <param name="shift">Binary logarithm of the bytes that the entry covers.</param>
    internal DecodedEntry Decode<TGeneration>(int shift)
        where TGeneration : struct, IGf100Generation
    {
        ulong large = DecodeAddress(Bits);
        ulong small = DecodeAddress(Bits >> HalfBits);
        if (TGeneration.HasSparse && ApertureField.Get(Bits) == 0 && (Bits & VolatileBigBit) != 0)
        {
            return new DecodedEntry(PageTableEntryKind.Sparse, (byte)shift);
        }

        return (large | small) == 0
            ? new DecodedEntry(PageTableEntryKind.Invalid, (byte)shift)
            : new DecodedEntry(PageTableEntryKind.Table, (byte)shift, Address: small, LargeTable: large);
    }

    private TableLink Decode(ulong half, ulong volatileBit)
    {
        ulong code = ApertureField.Get(half);
        if (code == 0)
        {
            return default;
        }

        Aperture aperture = code == VideoMemoryCode ? Aperture.VideoMemory : (Aperture)code;
        return new TableLink(
            DecodeAddress(half), aperture, (Bits & volatileBit) != 0 ? PageAttributes.Volatile : PageAttributes.None);
    }

    private static ulong DecodeAddress(ulong half) => ApertureField.Get(half) switch
    {
        0 => 0,
        VideoMemoryCode => (half & AddressField(Aperture.VideoMemory).Mask) << AddressShift,
        _ => (half & AddressField(Aperture.SystemCoherent).Mask) << AddressShift,
    };

    private static ulong Encode(TableLink link)
    {
        if (link.IsNone)
        {
            return 0;
        }

        if (link.Aperture == Aperture.Peer || (link.Attributes & ~PageAttributes.Volatile) != 0)
        {
            throw new ArgumentException($"A directory entry cannot name {link}.", nameof(link));
        }

        if ((link.Address & ~(AddressField(link.Aperture).Mask << AddressShift)) != 0)
        {
            throw new ArgumentOutOfRangeException(nameof(link), link.ToString(), "The address is not a multiple of 4096, or too wide.");
        }

        ulong code = link.Aperture == Aperture.VideoMemory ? VideoMemoryCode : (ulong)link.Aperture;
        return ApertureField.Put(code) | (link.Address >> AddressShift);
    }

    private static ulong VolatileBit(TableLink link, ulong bit) =>
        !link.IsNone && (link.Attributes & PageAttributes.Volatile) != 0 ? bit : 0;

    private static BitField AddressField(Aperture aperture) =>
        aperture == Aperture.VideoMemory ? new BitField(28, 4) : new BitField(31, 4);
}
