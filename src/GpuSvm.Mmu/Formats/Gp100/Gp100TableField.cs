using System.Runtime.CompilerServices;

namespace GpuSvm.Mmu.Formats.Gp100;

/// <summary>How GP100 directory entries name a table: aperture, VOL and address, alike but for the alignment.</summary>
/// <remarks>Source: NVIDIA pascal/gp100/dev_mmu.h, NV_MMU_VER2_PDE_APERTURE, NV_MMU_VER2_DUAL_PDE_APERTURE_BIG and _SMALL.</remarks>
internal static class Gp100TableField
{
    private const ulong VolatileBit = 1 << 3;
    private const ulong VideoMemoryCode = 1;

    // Every address lies at its own place shifted right by 4; the fields differ in how many low bits they leave out.
    private const int AddressShift = 4;

    /// <summary>Lowest bit of the address of a directory or a small page table: aligned to 4096 bytes.</summary>
    public const int Table = 8;

    /// <summary>Lowest bit of the address of a large page table: aligned to 256 bytes.</summary>
    public const int LargePageTable = 4;

    /// <summary>The aperture: 0 for no table.</summary>
    public static BitField ApertureField => new(2, 1);

    /// <summary>True if the word names neither a table nor a page, but says that the range is sparse.</summary>
    public static bool IsSparse(ulong word) => new BitField(3, 0).Get(word) == VolatileBit;

    /// <summary>The table that a word names, or none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TableLink Decode(ulong word, int lowestBit)
    {
        ulong code = ApertureField.Get(word);
        if (code == 0)
        {
            return default;
        }

        // Video memory is 1 here and 0 in page entries; the two kinds of system memory have the same number in both.
        Aperture aperture = code == VideoMemoryCode ? Aperture.VideoMemory : (Aperture)code;
        return new TableLink(
            DecodeAddress(word, lowestBit), aperture, (word & VolatileBit) != 0 ? PageAttributes.Volatile : PageAttributes.None);
    }

    /// <summary>The address of the table that a word names; 0 for none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong DecodeAddress(ulong word, int lowestBit) => ApertureField.Get(word) switch
    {
        0 => 0,
        VideoMemoryCode => (word & VideoAddress(lowestBit).Mask) << AddressShift,
        _ => (word & SystemAddress(lowestBit).Mask) << AddressShift,
    };

    /// <summary>The word that names a table; 0 for none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Encode(TableLink link, int lowestBit)
    {
        if (link.IsNone)
        {
            return 0;
        }

        if (link.Aperture == Aperture.Peer || (link.Attributes & ~PageAttributes.Volatile) != 0)
        {
            RejectLink(link);
        }

        BitField field = link.Aperture == Aperture.VideoMemory ? VideoAddress(lowestBit) : SystemAddress(lowestBit);
        if ((link.Address & ~(field.Mask << AddressShift)) != 0)
        {
            RejectAddress(link, lowestBit);
        }

        ulong aperture = link.Aperture == Aperture.VideoMemory ? VideoMemoryCode : (ulong)link.Aperture;
        ulong caching = (link.Attributes & PageAttributes.Volatile) != 0 ? VolatileBit : 0;
        return ApertureField.Put(aperture) | caching | (link.Address >> AddressShift);
    }

    private static void RejectLink(TableLink link) => throw new ArgumentException($"A directory entry cannot name {link}.", nameof(link));

    private static void RejectAddress(TableLink link, int lowestBit) => throw new ArgumentOutOfRangeException(
        nameof(link), link.ToString(), $"The address is not a multiple of {1 << (lowestBit + AddressShift)}, or too wide.");

    private static BitField VideoAddress(int lowestBit) => new(32, lowestBit);

    /// <summary>The address of a table, whatever memory it lies in.</summary>
    public static BitField SystemAddress(int lowestBit) => new(53, lowestBit);
}
