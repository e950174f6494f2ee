using System.Globalization;

namespace GpuSvm.Mmu;

/// <summary>One page of a pfn map request: where the page is and what the GPU may do with it.</summary>
/// <param name="Bits">The word as nouveau's PFNMAP call takes it.</param>
/// <remarks>
/// <code>
///   63                                   12 11 10    8 7        4 3  2 1 0
///  +---------------------------------------+--+-------+----------+--+-+-+-+
///  | address (page-aligned bytes)          |0 | peer  | aperture |0 |A|W|V|
///  +---------------------------------------+--+-------+----------+--+-+-+-+
/// </code>
/// Aperture 0 is the host: the address is that of a page frame (it becomes a DMA address when it is mapped); 1 is video memory;
/// 2 is the bus, which nouveau does not have: system memory that somebody else has mapped for DMA, and unmaps when no entry names it any more;
/// 3 is the memory of another device, which nouveau does not have either, with the number of that peer.
/// Source: nouveau include/nvif/if000c.h, NVIF_VMM_PFNMAP_V0_*.
/// </remarks>
public readonly record struct PfnEntry(ulong Bits)
{
    private const ulong ValidBit = 1 << 0;
    private const ulong WriteBit = 1 << 1;
    private const ulong AtomicBit = 1 << 2;
    private const ulong VideoMemoryAperture = 1;
    private const ulong BusAperture = 2;
    private const ulong PeerAperture = 3;

    private static BitField ApertureField => new(7, 4);

    private static BitField PeerField => new(10, 8);

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

    /// <summary>True if the page lies in system memory that somebody else has mapped for DMA.</summary>
    public bool IsOnBus => ApertureField.Get(Bits) == BusAperture;

    /// <summary>True if the page lies in the memory of another device.</summary>
    public bool IsPeerMemory => ApertureField.Get(Bits) == PeerAperture;

    /// <summary>Number of that device among this one's peers; 0 where the page lies elsewhere.</summary>
    public int PeerNumber => (int)PeerField.Get(Bits);

    /// <summary>Byte address of the page: in video memory or a peer's, of a frame of system memory, or on the bus.</summary>
    public ulong Address => Page.AlignDown(Bits);

    /// <summary>A page of system memory.</summary>
    public static PfnEntry Host(FrameNumber frame, TranslationRights rights) => new(frame.Address.Value | RightBits(rights));

    /// <summary>A page of video memory.</summary>
    /// <param name="address">Byte address, a multiple of 4096.</param>
    /// <param name="rights">What the GPU may do; reading is always allowed.</param>
    public static PfnEntry VideoMemory(ulong address, TranslationRights rights)
    {
        CheckAligned(address);
        return new PfnEntry(address | ApertureField.Put(VideoMemoryAperture) | RightBits(rights));
    }

    /// <summary>A page of system memory that is mapped for DMA already. Whoever mapped it unmaps it, after it was taken from the GPU.</summary>
    /// <param name="address">Where the device finds the page: a multiple of the page size that it is mapped with.</param>
    /// <param name="rights">What the GPU may do, and the DMA mapping allows; reading is always allowed.</param>
    public static PfnEntry Bus(DeviceAddress address, TranslationRights rights)
    {
        CheckAligned(address.Value);
        return new PfnEntry(address.Value | ApertureField.Put(BusAperture) | RightBits(rights));
    }

    /// <summary>A page in the memory of another device.</summary>
    /// <param name="peer">Number of that device among this one's peers: 0 to 7.</param>
    /// <param name="address">Byte address in that memory: a multiple of the page size that it is mapped with.</param>
    /// <param name="rights">What the GPU may do, and the link allows; reading is always allowed.</param>
    public static PfnEntry Peer(int peer, ulong address, TranslationRights rights)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(peer);
        ArgumentOutOfRangeException.ThrowIfGreaterThan((ulong)peer, PeerField.MaxValue, nameof(peer));
        CheckAligned(address);
        return new PfnEntry(address | ApertureField.Put(PeerAperture) | PeerField.Put((ulong)peer) | RightBits(rights));
    }

    /// <summary>Where the page lies, as an entry names it; of a frame of system memory nothing is known yet.</summary>
    internal PageTarget Target => new(
        IsVideoMemory ? Aperture.VideoMemory : IsPeerMemory ? Aperture.Peer : Aperture.SystemCoherent, Address, PeerNumber);

    /// <summary>True if mapping the page maps its frame for DMA, and taking it back undoes that.</summary>
    internal bool NeedsDma => ApertureField.Get(Bits) == 0;

    /// <summary>The same entry with its valid bit clear.</summary>
    public PfnEntry Rejected() => new(Bits & ~ValidBit);

    /// <summary>The word in hexadecimal with prefix.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"0x{Bits:x}");

    private static void CheckAligned(ulong address)
    {
        if (!Page.IsAligned(address))
        {
            throw new ArgumentException($"0x{address:x} is not a multiple of 4096.", nameof(address));
        }
    }

    private static ulong RightBits(TranslationRights rights) =>
        ValidBit |
        ((rights & TranslationRights.Write) != 0 ? WriteBit : 0) |
        ((rights & TranslationRights.Atomic) != 0 ? AtomicBit : 0);
}
