using System.Runtime.CompilerServices;

namespace GpuSvm.Mmu.Formats.Gf100;

/// <summary>A GF100 page-table entry: the 8 bytes that map a page of 4 KiB, or of 64 or 128 KiB.</summary>
/// <param name="Bits">The word as it stands in memory, little-endian.</param>
/// <remarks>
/// <code>
///   63 62 61 44 43 36 35 34 33 32 31  29 28          4  3  2  1  0
///  +--+--+-----+-----+--+-----+--+------+-------------+--+--+--+--+
///  |WD|RD|  0  |kind |LK|aper.|VO|        ADDRESS     |EN|RO|PR| V|   system memory
///  |  |  |     |     |  |     |  | peer |   ADDRESS   |  |  |  |  |   peer; 0 in video memory
///  +--+--+-----+-----+--+-----+--+------+-------------+--+--+--+--+
///  V = 0, from GM200 on: VO = 1 is sparse. Otherwise, from GK104 on, PR = 1 in a large page table says "no small pages below".
/// </code>
/// Addresses are byte addresses divided by 4096. Atomics cannot be forbidden apart from stores. READ_ONLY holds for all units but L1 and
/// GCC, and WRITE_DISABLE (WD) for these: both are written. Compression tags are not supported.
/// Source: NVIDIA open-gpu-kernel-modules 590.48, swref/published/maxwell/gm107/dev_mmu.h, NV_MMU_PTE, and nvidia-uvm/uvm_maxwell_mmu.c;
/// Linux 7.0 nouveau vmmgf100.c.
/// </remarks>
public readonly record struct Gf100Pte(ulong Bits)
{
    private const ulong ValidBit = 1 << 0;
    private const ulong PrivilegeBit = 1 << 1;
    private const ulong ReadOnlyBit = 1 << 2;
    private const ulong EncryptedBit = 1 << 3;
    private const ulong VolatileBit = 1UL << 32;
    private const ulong LockBit = 1UL << 35;
    private const ulong ReadDisableBit = 1UL << 62;
    private const ulong WriteDisableBit = 1UL << 63;
    private const ulong NoStoreBits = ReadOnlyBit | WriteDisableBit;

    // A page address lies at its own place shifted right by 8: the field starts at bit 4 and counts units of 2^12 bytes.
    private const int AddressShift = 8;

    /// <summary>Nothing is mapped; an access faults.</summary>
    public static Gf100Pte Invalid => default;

    /// <summary>From GM200 on: nothing is mapped; loads read zero, stores are dropped.</summary>
    public static Gf100Pte Sparse => new(VolatileBit);

    /// <summary>From GK104 on, in a large page table: nothing is mapped, and the small page table is not asked.</summary>
    public static Gf100Pte NoSmallPages => new(PrivilegeBit);

    /// <summary>Width of a page address in video memory, the GPU's own or a peer's, in bits.</summary>
    public static int VideoAddressBits => 37;

    /// <summary>Width of a page address in system memory, in bits.</summary>
    public static int SystemAddressBits => 40;

    /// <summary>VALID: the entry maps a page.</summary>
    public bool IsValid => (Bits & ValidBit) != 0;

    /// <summary>APERTURE.</summary>
    public Aperture Aperture => (Aperture)ApertureField.Get(Bits);

    /// <summary>VOL: not kept in the GPU's caches.</summary>
    public bool IsVolatile => (Bits & VolatileBit) != 0;

    /// <summary>PRIVILEGE: for privileged engines only.</summary>
    public bool IsPrivileged => (Bits & PrivilegeBit) != 0;

    /// <summary>LOCK: never written here.</summary>
    public bool IsLocked => (Bits & LockBit) != 0;

    /// <summary>KIND: how the memory is tiled; 0 is pitch.</summary>
    public byte Kind => (byte)KindField.Get(Bits);

    /// <summary>Number of the peer, when the aperture is a peer's; else 0.</summary>
    public int Peer => Aperture == Aperture.Peer ? (int)PeerField.Get(Bits) : 0;

    /// <summary>Byte address of the page.</summary>
    public ulong Address => (Bits & AddressField(Aperture).Mask) << AddressShift;

    /// <summary>What the GPU may do with the page: what READ_DISABLE, READ_ONLY and WRITE_DISABLE leave; atomics go with stores.</summary>
    public TranslationRights Rights =>
        ((Bits & ReadDisableBit) == 0 ? TranslationRights.Read : 0) |
        ((Bits & NoStoreBits) == 0 ? TranslationRights.Write | TranslationRights.Atomic : 0);

    /// <summary>VOL, PRIVILEGE and ENCRYPTED.</summary>
    public PageAttributes Attributes =>
        (IsVolatile ? PageAttributes.Volatile : 0) |
        (IsPrivileged ? PageAttributes.Privileged : 0) |
        ((Bits & EncryptedBit) != 0 ? PageAttributes.Encrypted : 0);

    /// <summary>Where APERTURE stands.</summary>
    internal static BitField ApertureField => new(34, 33);

    /// <summary>Where KIND stands.</summary>
    internal static BitField KindField => new(43, 36);

    /// <summary>Where the number of a peer stands.</summary>
    internal static BitField PeerField => new(31, 29);

    /// <summary>Where an address in system memory stands.</summary>
    internal static BitField SystemAddress => new(31, 4);

    /// <summary>Where an address in video memory or a peer's stands.</summary>
    internal static BitField VideoAddress => new(28, 4);

    /// <summary>True if an entry can hold the page address: a multiple of 4096, not too wide.</summary>
    public static bool CanAddress(Aperture aperture, ulong address) => (address & ~(AddressField(aperture).Mask << AddressShift)) == 0;

    /// <summary>Maps a page.</summary>
    /// <param name="aperture">Which memory the page lies in.</param>
    /// <param name="address">Byte address: a multiple of 4096, below 2^40 in system memory, 2^37 elsewhere.</param>
    /// <param name="rights">What the GPU may do; reading is always allowed, atomics go with stores.</param>
    /// <param name="attributes">The rest.</param>
    /// <param name="kind">How the memory is tiled; 0 is pitch.</param>
    /// <param name="peer">Number of the peer, 0 to 7; 0 unless <paramref name="aperture"/> is a peer's.</param>
    /// <exception cref="ArgumentException">A value is unaligned, or does not fit its field.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Gf100Pte Page(
        Aperture aperture,
        ulong address,
        TranslationRights rights,
        PageAttributes attributes = PageAttributes.None,
        byte kind = 0,
        int peer = 0)
    {
        if (!CanAddress(aperture, address))
        {
            RejectAddress(aperture, address);
        }

        if (peer != 0)
        {
            PeerNumber.Check(aperture, peer, PeerField);
        }

        return new Gf100Pte(
            ValidBit |
            ((attributes & PageAttributes.Privileged) != 0 ? PrivilegeBit : 0) |
            ((rights & TranslationRights.Write) != 0 ? 0 : NoStoreBits) |
            ((attributes & PageAttributes.Encrypted) != 0 ? EncryptedBit : 0) |
            (address >> AddressShift) |
            ((ulong)peer << 29) |
            ((attributes & PageAttributes.Volatile) != 0 ? VolatileBit : 0) |
            ((ulong)aperture << 33) |
            ((ulong)kind << 36));
    }

    /// <summary>What the word of the next page of contiguous memory is larger by.</summary>
    public static ulong AddressStep(int shift) => 1UL << (shift - AddressShift);

    /// <summary>True if <paramref name="after"/> differs at most in rights, and takes none away.</summary>
    public bool OnlyWidens(Gf100Pte after) =>
        (after.Bits & ~Bits) == 0 && ((Bits ^ after.Bits) & ~(NoStoreBits | ReadDisableBit)) == 0;

    /// <summary>The entry as a walker of a generation understands it.</summary>
    /// <param name="shift">Binary logarithm of the bytes that the entry covers.</param>
    /// <param name="table">Where the entry stands: only a large page table can say that there are no small pages.</param>
    internal DecodedEntry Decode<TGeneration>(int shift, PageTableSize table)
        where TGeneration : struct, IGf100Generation
    {
        if (IsValid)
        {
            return new DecodedEntry(PageTableEntryKind.Page, (byte)shift, Aperture, Rights, Attributes, Address, RawBits: Bits);
        }

        PageTableEntryKind kind =
            IsVolatile && TGeneration.HasSparse ? PageTableEntryKind.Sparse :
            IsPrivileged && TGeneration.HasNoSmallPages && table == PageTableSize.Large ? PageTableEntryKind.NoSmallPages :
            PageTableEntryKind.Invalid;
        return new DecodedEntry(kind, (byte)shift);
    }

    private static BitField AddressField(Aperture aperture) =>
        aperture >= Aperture.SystemCoherent ? SystemAddress : VideoAddress;

    private static void RejectAddress(Aperture aperture, ulong address) => throw new ArgumentOutOfRangeException(
        nameof(address), $"0x{address:x}", $"A page of {aperture} needs a multiple of 4096 that fits 40 bits in system memory, else 37.");
}
