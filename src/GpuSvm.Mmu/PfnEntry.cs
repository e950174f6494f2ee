using System.Globalization;

namespace GpuSvm.Mmu;

/// <summary>One page of a pfn map request: where the page is and what the GPU may do with it.</summary>
/// <param name="Bits">The word as nouveau's PFNMAP call takes it.</param>
/// <remarks>
/// <code>
///   63                                   12 11    8 7        4 3  2 1 0
///  +---------------------------------------+-------+----------+--+-+-+-+
///  | address (page-aligned bytes)          |   0   | aperture |0 |A|W|V|
///  +---------------------------------------+-------+----------+--+-+-+-+
/// </code>
/// Aperture 0 is the host: the address is that of a page frame (it becomes a DMA address when it is mapped); 1 is video memory.
/// Source: nouveau include/nvif/if000c.h, NVIF_VMM_PFNMAP_V0_*.
/// </remarks>
public readonly record struct PfnEntry(ulong Bits)
{
    private const ulong ValidBit = 1 << 0;
    private const ulong WriteBit = 1 << 1;
    private const ulong AtomicBit = 1 << 2;
    private const ulong VideoMemoryAperture = 1;

    private static BitField ApertureField => new(7, 4);

    /// <summary>Nothing: the page is skipped.</summary>
    public static PfnEntry None => default;

    /// <summary>True if the entry asks for a mapping. Cleared in the caller's array for every page that was not mapped.</summary>
    public bool IsValid => (Bits & ValidBit) != 0;

    /// <summary>Loads always; stores and atomics as the entry says.</summary>
    public TranslationRights Rights =>
        (IsValid ? TranslationRights.Read : 0) |
        ((Bits & WriteBit) != 0 ? TranslationRights.Write : 0) |
        ((Bits & AtomicBit) != 0 ? TranslationRights.Atomic : 0);

    /// <summary>True if the page lies in video memory, false if in system memory.</summary>
    public bool IsVideoMemory => ApertureField.Get(Bits) == VideoMemoryAperture;

    /// <summary>Byte address of the page: in video memory, or of a frame of system memory.</summary>
    public ulong Address => Page.AlignDown(Bits);

    /// <summary>A page of system memory.</summary>
    public static PfnEntry Host(FrameNumber frame, TranslationRights rights) => new(frame.Address.Value | RightBits(rights));

    /// <summary>A page of video memory.</summary>
    /// <param name="address">Byte address, a multiple of 4096.</param>
    /// <param name="rights">What the GPU may do; reading is always allowed.</param>
    public static PfnEntry VideoMemory(ulong address, TranslationRights rights)
    {
        if (!Page.IsAligned(address))
        {
            throw new ArgumentException($"0x{address:x} is not a multiple of 4096.", nameof(address));
        }

        return new PfnEntry(address | ApertureField.Put(VideoMemoryAperture) | RightBits(rights));
    }

    /// <summary>The same entry with its valid bit clear.</summary>
    public PfnEntry Rejected() => new(Bits & ~ValidBit);

    /// <summary>The word in hexadecimal with prefix.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"0x{Bits:x}");

    private static ulong RightBits(TranslationRights rights) =>
        ValidBit |
        ((rights & TranslationRights.Write) != 0 ? WriteBit : 0) |
        ((rights & TranslationRights.Atomic) != 0 ? AtomicBit : 0);
}
