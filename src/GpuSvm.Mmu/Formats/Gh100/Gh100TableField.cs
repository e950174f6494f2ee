using System.Runtime.CompilerServices;

namespace GpuSvm.Mmu.Formats.Gh100;

/// <summary>How GH100 directory entries name a table: aperture, PCF and address, alike but for the alignment.</summary>
/// <remarks>Source: NVIDIA hopper/gh100/dev_mmu.h, NV_MMU_VER3_PDE and NV_MMU_VER3_DUAL_PDE.</remarks>
internal static class Gh100TableField
{
    private const ulong UncachedBit = 1 << 3;
    private const ulong NoHostTranslationBit = 1 << 4;
    private const ulong VideoMemoryCode = 1;

    /// <summary>Lowest bit of the address of a directory or a small page table: aligned to 4096 bytes.</summary>
    public const int Table = 12;

    /// <summary>Lowest bit of the address of a large page table: aligned to 256 bytes.</summary>
    public const int LargePageTable = 8;

    /// <summary>Where the aperture stands.</summary>
    internal static BitField ApertureField => new(2, 1);

    private static BitField PcfField => new(5, 3);

    /// <summary>True if the word names neither a table nor a page, but says that the range is sparse, with or without ATS.</summary>
    public static bool IsSparse(ulong word) =>
        new BitField(2, 0).Get(word) == 0 && (PcfField.Put(PcfField.Get(word)) & ~NoHostTranslationBit) == UncachedBit;

    /// <summary>The table that a word names, or none.</summary>
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
            DecodeAddress(word, lowestBit), aperture, (word & UncachedBit) != 0 ? PageAttributes.Volatile : PageAttributes.None);
    }

    /// <summary>The address of the table that a word names; 0 for none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong DecodeAddress(ulong word, int lowestBit) =>
        ApertureField.Get(word) == 0 ? 0 : word & AddressField(lowestBit).Mask;

    /// <summary>Whether the host may be asked.</summary>
    public static HostTranslation HostOf(ulong word) =>
        (word & NoHostTranslationBit) != 0 ? HostTranslation.NotAllowed : HostTranslation.Allowed;

    /// <summary>The word that names a table; 0 for none.</summary>
    public static ulong Encode(TableLink link, int lowestBit, HostTranslation host)
    {
        if (link.IsNone)
        {
            return 0;
        }

        if (link.Aperture == Aperture.Peer || (link.Attributes & ~PageAttributes.Volatile) != 0)
        {
            throw new ArgumentException($"A directory entry cannot name {link}.", nameof(link));
        }

        if ((link.Address & ~AddressField(lowestBit).Mask) != 0)
        {
            throw new ArgumentOutOfRangeException(
                nameof(link), link.ToString(), $"The address is not a multiple of {1 << lowestBit}, or too wide.");
        }

        ulong aperture = link.Aperture == Aperture.VideoMemory ? VideoMemoryCode : (ulong)link.Aperture;
        return ApertureField.Put(aperture) |
            ((link.Attributes & PageAttributes.Volatile) != 0 ? UncachedBit : 0) |
            (host == HostTranslation.NotAllowed ? NoHostTranslationBit : 0) |
            link.Address;
    }

    /// <summary>Where the address stands, at its own place.</summary>
    internal static BitField AddressField(int lowestBit) => new(51, lowestBit);
}
