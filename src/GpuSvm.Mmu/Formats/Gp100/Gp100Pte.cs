using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace GpuSvm.Mmu.Formats.Gp100;

/// <summary>A GP100 page-table entry: the 8 bytes that map a page of 4 KiB or 64 KiB, or of 2 MiB in the low word of a PD0 entry.</summary>
/// <param name="Bits">The word as it stands in memory, little-endian.</param>
/// <remarks>
/// <code>
///   63   56 55   54 53     36 35  33 32                 8  7  6  5  4  3  2  1  0
///  +-------+-------+---------+------+--------------------+--+--+--+--+--+-----+--+
///  | kind  |   0   |         ADDRESS                     |AD|RO|PR|EN|VO|aper.| V|   video memory, system memory
///  |       |       |    0    | peer | ADDRESS_VID        |  |  |  |  |  |     |  |   peer
///  +-------+-------+-------------------------------------+--+--+--+--+--+-----+--+
///  V = 0: VO = 1 is sparse; otherwise PR = 1 in a large page table says "no small pages below"; otherwise invalid.
/// </code>
/// Addresses are byte addresses divided by 4096. Compression tags, which share bits 53:36 with addresses of video memory beyond 2^40, are
/// not supported; so video memory takes the whole field, and its own size is the limit.
/// Source: NVIDIA open-gpu-kernel-modules 590.48, swref/published/pascal/gp100/dev_mmu.h, NV_MMU_VER2_PTE;
/// Linux 7.0 nouveau vmmgp100.c.
/// </remarks>
public readonly record struct Gp100Pte(ulong Bits)
{
    private const ulong ValidBit = 1 << 0;
    private const ulong ApertureBits = 3 << 1;
    private const ulong VolatileBit = 1 << 3;
    private const ulong EncryptedBit = 1 << 4;
    private const ulong PrivilegeBit = 1 << 5;
    private const ulong ReadOnlyBit = 1 << 6;
    private const ulong AtomicDisableBit = 1 << 7;
    private const ulong RightsBits = ReadOnlyBit | AtomicDisableBit;

    // W and A of a pfn lie in the order of READ_ONLY and ATOMIC_DISABLE, five bits below, and mean the contrary.
    private const ulong PfnRights = 6;
    private const int PfnRightsShift = 5;
    private const ulong NothingGranted = PfnRights << PfnRightsShift;
    private const ulong PfnAddress = ulong.MaxValue << 12;

    // A page address lies at its own place shifted right by 4: the field starts at bit 8 and counts units of 2^12 bytes.
    private const int AddressShift = 4;

    /// <summary>Nothing is mapped; an access faults.</summary>
    public static Gp100Pte Invalid => default;

    /// <summary>Nothing is mapped; loads read zero, stores are dropped.</summary>
    public static Gp100Pte Sparse => new(VolatileBit);

    /// <summary>In a large page table: nothing is mapped, and the small page table is not asked.</summary>
    public static Gp100Pte NoSmallPages => new(PrivilegeBit);

    /// <summary>Width of a page address in a peer's memory, in bits.</summary>
    public static int PeerAddressBits => 37;

    /// <summary>Width of a page address in video memory and in system memory, in bits.</summary>
    public static int AddressBits => 58;

    /// <summary>VALID: the entry maps a page.</summary>
    public bool IsValid => (Bits & ValidBit) != 0;

    /// <summary>APERTURE.</summary>
    public Aperture Aperture => (Aperture)((Bits & ApertureBits) >> 1);

    /// <summary>VOL: not kept in the GPU's caches.</summary>
    public bool IsVolatile => (Bits & VolatileBit) != 0;

    /// <summary>ENCRYPTED.</summary>
    public bool IsEncrypted => (Bits & EncryptedBit) != 0;

    /// <summary>PRIVILEGE: for privileged engines only.</summary>
    public bool IsPrivileged => (Bits & PrivilegeBit) != 0;

    /// <summary>READ_ONLY.</summary>
    public bool IsReadOnly => (Bits & ReadOnlyBit) != 0;

    /// <summary>ATOMIC_DISABLE.</summary>
    public bool IsAtomicDisabled => (Bits & AtomicDisableBit) != 0;

    /// <summary>KIND: how the memory is tiled; 0 is pitch.</summary>
    public byte Kind => (byte)KindField.Get(Bits);

    /// <summary>Number of the peer, when the aperture is a peer's; else 0.</summary>
    public int Peer => Aperture == Aperture.Peer ? (int)PeerField.Get(Bits) : 0;

    /// <summary>Byte address of the page.</summary>
    public ulong Address => (Bits & AddressField(Aperture).Mask) << AddressShift;

    /// <summary>What the GPU may do with the page: reads always; atomics need the right to write too.</summary>
    public TranslationRights Rights => (Bits & RightsBits) switch
    {
        0 => TranslationRights.Read | TranslationRights.Write | TranslationRights.Atomic,
        AtomicDisableBit => TranslationRights.Read | TranslationRights.Write,
        _ => TranslationRights.Read,
    };

    /// <summary>VOL, PRIVILEGE and ENCRYPTED.</summary>
    public PageAttributes Attributes =>
        (IsVolatile ? PageAttributes.Volatile : 0) |
        (IsPrivileged ? PageAttributes.Privileged : 0) |
        (IsEncrypted ? PageAttributes.Encrypted : 0);

    internal static BitField PeerAddress => new(32, 8);

    internal static BitField LocalAddress => new(53, 8);

    internal static BitField PeerField => new(35, 33);

    internal static BitField KindField => new(63, 56);

    /// <summary>True if an entry can hold the page address: a multiple of 4096, not too wide.</summary>
    public static bool CanAddress(Aperture aperture, ulong address) => (address & ~(AddressField(aperture).Mask << AddressShift)) == 0;

    /// <summary>Maps a page.</summary>
    /// <param name="aperture">Which memory the page lies in.</param>
    /// <param name="address">Byte address: a multiple of 4096, below 2^58, or 2^37 in a peer's memory.</param>
    /// <param name="rights">What the GPU may do; reading is always allowed.</param>
    /// <param name="attributes">The rest.</param>
    /// <param name="kind">How the memory is tiled; 0 is pitch.</param>
    /// <param name="peer">Number of the peer, 0 to 7; 0 unless <paramref name="aperture"/> is a peer's.</param>
    /// <exception cref="ArgumentException">A value is unaligned, or does not fit its field.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Gp100Pte Page(
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

        return new Gp100Pte(
            ValidBit |
            ((ulong)aperture << 1) |
            ((attributes & PageAttributes.Volatile) != 0 ? VolatileBit : 0) |
            ((attributes & PageAttributes.Encrypted) != 0 ? EncryptedBit : 0) |
            ((attributes & PageAttributes.Privileged) != 0 ? PrivilegeBit : 0) |
            ((rights & TranslationRights.Write) != 0 ? 0 : ReadOnlyBit) |
            ((rights & TranslationRights.Atomic) != 0 ? 0 : AtomicDisableBit) |
            (address >> AddressShift) |
            ((ulong)peer << 33) |
            ((ulong)kind << 56));
    }

    /// <summary>What the word of the next page of contiguous memory is larger by.</summary>
    public static ulong AddressStep(int shift) => 1UL << (shift - AddressShift);

    /// <summary>Encodes pages of video memory that are asked for by pfn, each of them valid.</summary>
    public static void EncodeVideoPages(ReadOnlySpan<PfnEntry> pfns, Span<ulong> entries)
    {
        ReadOnlySpan<ulong> bits = MemoryMarshal.Cast<PfnEntry, ulong>(pfns);
        ref ulong from = ref MemoryMarshal.GetReference(bits);
        ref ulong to = ref MemoryMarshal.GetReference(entries[..bits.Length]);
        nuint at = 0;
        if (Vector256.IsHardwareAccelerated)
        {
            for (nuint last = (nuint)bits.Length & ~(nuint)3; at < last; at += 4)
            {
                Vector256<ulong> pfn = Vector256.LoadUnsafe(ref from, at);
                Vector256<ulong> address = (pfn & Vector256.Create(PfnAddress)) >> AddressShift;
                Vector256<ulong> granted = (pfn & Vector256.Create(PfnRights)) << PfnRightsShift;
                ((address | granted) ^ Vector256.Create(NothingGranted | ValidBit)).StoreUnsafe(ref to, at);
            }
        }

        for (; at < (nuint)bits.Length; at++)
        {
            ulong pfn = Unsafe.Add(ref from, at);
            ulong granted = (pfn & PfnRights) << PfnRightsShift;
            Unsafe.Add(ref to, at) = (((pfn & PfnAddress) >> AddressShift) | granted) ^ (NothingGranted | ValidBit);
        }
    }

    /// <summary>True if <paramref name="after"/> differs at most in rights, and takes none away.</summary>
    public bool OnlyWidens(Gp100Pte after) => (after.Bits & ~Bits) == 0 && ((Bits ^ after.Bits) & ~RightsBits) == 0;

    /// <summary>The entry as a walker understands it.</summary>
    /// <param name="shift">Binary logarithm of the bytes that the entry covers.</param>
    /// <param name="table">Where the entry stands: only a large page table can say that there are no small pages.</param>
    internal DecodedEntry Decode(int shift, PageTableSize table)
    {
        if (IsValid)
        {
            return new DecodedEntry(PageTableEntryKind.Page, (byte)shift, Aperture, Rights, Attributes, Address, RawBits: Bits);
        }

        PageTableEntryKind kind =
            IsVolatile ? PageTableEntryKind.Sparse :
            IsPrivileged && table == PageTableSize.Large ? PageTableEntryKind.NoSmallPages :
            PageTableEntryKind.Invalid;
        return new DecodedEntry(kind, (byte)shift);
    }

    private static BitField AddressField(Aperture aperture) =>
        aperture == Aperture.Peer ? PeerAddress : LocalAddress;

    private static void RejectAddress(Aperture aperture, ulong address) => throw new ArgumentOutOfRangeException(
        nameof(address), $"0x{address:x}", $"A page of {aperture} needs a multiple of 4096 that fits 58 bits, or 37 in a peer's memory.");
}
