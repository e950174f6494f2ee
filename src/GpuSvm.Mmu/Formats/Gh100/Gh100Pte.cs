using System.Runtime.CompilerServices;

namespace GpuSvm.Mmu.Formats.Gh100;

/// <summary>A GH100 page-table entry: 8 bytes that map a page of 4 or 64 KiB; of 2 MiB in the low word of a PD0 entry; of 512 MiB in PD1.</summary>
/// <param name="Bits">The word as it stands in memory, little-endian.</param>
/// <remarks>
/// <code>
///   63  61 60 52 51                  12 11   8  7  6  5  4  3  2  1  0
///  +------+-----+----------------------+------+--+--+--+--+--+-----+--+
///  | peer |  0  |       ADDRESS        | kind |CD|AD|RO|PR|UC|aper.| V|
///  +------+-----+----------------------+------+--+--+--+--+--+-----+--+
///  V = 1: PCF, bits 7:3, is a set of flags: accesses not counted, no atomics, read-only, privileged, uncached.
///  V = 0: PCF is a number: 0 invalid, 1 sparse, 2 mapped nowhere, 3 no small pages below (in a large page table).
/// </code>
/// The address is the byte address itself. There is no encryption bit. Compression is not supported.
/// Source: NVIDIA open-gpu-kernel-modules 590.48, swref/published/hopper/gh100/dev_mmu.h, NV_MMU_VER3_PTE;
/// Linux 7.0 nouveau vmmgh100.c.
/// </remarks>
public readonly record struct Gh100Pte(ulong Bits)
{
    private const ulong ValidBit = 1 << 0;
    private const ulong UncachedBit = 1 << 3;
    private const ulong PrivilegeBit = 1 << 4;
    private const ulong ReadOnlyBit = 1 << 5;
    private const ulong NoAtomicBit = 1 << 6;
    private const ulong NotCountedBit = 1 << 7;
    private const ulong RightsBits = ReadOnlyBit | NoAtomicBit;
    private const ulong SparseCode = 1;
    private const ulong NoSmallPagesCode = 3;

    /// <summary>Nothing is mapped; an access faults.</summary>
    public static Gh100Pte Invalid => default;

    /// <summary>Nothing is mapped; loads read zero, stores are dropped.</summary>
    public static Gh100Pte Sparse => new(PcfField.Put(SparseCode));

    /// <summary>In a large page table: nothing is mapped, and the small page table is not asked.</summary>
    public static Gh100Pte NoSmallPages => new(PcfField.Put(NoSmallPagesCode));

    /// <summary>Width of a page address, in bits.</summary>
    public static int AddressBits => 52;

    /// <summary>VALID: the entry maps a page.</summary>
    public bool IsValid => (Bits & ValidBit) != 0;

    /// <summary>APERTURE.</summary>
    public Aperture Aperture => (Aperture)ApertureField.Get(Bits);

    /// <summary>PCF of a valid entry: not kept in the GPU's caches.</summary>
    public bool IsVolatile => (Bits & UncachedBit) != 0;

    /// <summary>PCF of a valid entry: for privileged engines only.</summary>
    public bool IsPrivileged => (Bits & PrivilegeBit) != 0;

    /// <summary>PCF of a valid entry: read-only.</summary>
    public bool IsReadOnly => (Bits & ReadOnlyBit) != 0;

    /// <summary>PCF of a valid entry: no atomics.</summary>
    public bool IsAtomicDisabled => (Bits & NoAtomicBit) != 0;

    /// <summary>PCF of a valid entry: whether accesses are counted.</summary>
    public AccessCounting Counting => (Bits & NotCountedBit) != 0 ? AccessCounting.Disabled : AccessCounting.Enabled;

    /// <summary>KIND: how the memory is tiled; 0 is pitch.</summary>
    public byte Kind => (byte)KindField.Get(Bits);

    /// <summary>Number of the peer, when the aperture is a peer's; else 0.</summary>
    public int Peer => Aperture == Aperture.Peer ? (int)PeerField.Get(Bits) : 0;

    /// <summary>Byte address of the page.</summary>
    public ulong Address => Bits & AddressField.Mask;

    /// <summary>What the GPU may do with the page: reads always; atomics need the right to write too.</summary>
    public TranslationRights Rights => (Bits & RightsBits) switch
    {
        0 => TranslationRights.Read | TranslationRights.Write | TranslationRights.Atomic,
        NoAtomicBit => TranslationRights.Read | TranslationRights.Write,
        _ => TranslationRights.Read,
    };

    /// <summary>Uncached and privileged.</summary>
    public PageAttributes Attributes =>
        (IsVolatile ? PageAttributes.Volatile : 0) | (IsPrivileged ? PageAttributes.Privileged : 0);

    /// <summary>Where APERTURE stands.</summary>
    internal static BitField ApertureField => new(2, 1);

    /// <summary>Where PCF stands.</summary>
    internal static BitField PcfField => new(7, 3);

    /// <summary>Where KIND stands.</summary>
    internal static BitField KindField => new(11, 8);

    /// <summary>Where the address stands, at its own place.</summary>
    internal static BitField AddressField => new(51, 12);

    /// <summary>Where the number of a peer stands.</summary>
    internal static BitField PeerField => new(63, 61);

    /// <summary>True if an entry can hold the page address: a multiple of 4096, not too wide.</summary>
    public static bool CanAddress(ulong address) => (address & ~AddressField.Mask) == 0;

    /// <summary>Maps a page.</summary>
    /// <param name="aperture">Which memory the page lies in.</param>
    /// <param name="address">Byte address: a multiple of 4096, below 2^52.</param>
    /// <param name="rights">What the GPU may do; reading is always allowed.</param>
    /// <param name="attributes">The rest; encryption is not possible.</param>
    /// <param name="kind">How the memory is tiled, 0 to 15; 0 is pitch.</param>
    /// <param name="peer">Number of the peer, 0 to 7; 0 unless <paramref name="aperture"/> is a peer's.</param>
    /// <param name="counting">Whether accesses are counted.</param>
    /// <exception cref="ArgumentException">A value is unaligned, or does not fit its field.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Gh100Pte Page(
        Aperture aperture,
        ulong address,
        TranslationRights rights,
        PageAttributes attributes = PageAttributes.None,
        byte kind = 0,
        int peer = 0,
        AccessCounting counting = AccessCounting.Disabled)
    {
        if (!CanAddress(address))
        {
            RejectAddress(address);
        }

        if (peer != 0)
        {
            PeerNumber.Check(aperture, peer, PeerField);
        }

        if ((attributes & PageAttributes.Encrypted) != 0)
        {
            throw new ArgumentException("A GH100 entry cannot name encrypted memory.", nameof(attributes));
        }

        return new Gh100Pte(
            ValidBit |
            ((ulong)aperture << 1) |
            ((attributes & PageAttributes.Volatile) != 0 ? UncachedBit : 0) |
            ((attributes & PageAttributes.Privileged) != 0 ? PrivilegeBit : 0) |
            ((rights & TranslationRights.Write) != 0 ? 0 : ReadOnlyBit) |
            ((rights & TranslationRights.Atomic) != 0 ? 0 : NoAtomicBit) |
            (counting == AccessCounting.Disabled ? NotCountedBit : 0) |
            KindField.Put(kind) |
            address |
            ((ulong)peer << 61));
    }

    /// <summary>True if <paramref name="after"/> differs at most in rights, and takes none away.</summary>
    public bool OnlyWidens(Gh100Pte after) => (after.Bits & ~Bits) == 0 && ((Bits ^ after.Bits) & ~RightsBits) == 0;

    /// <summary>The entry as a walker understands it.</summary>
    /// <param name="shift">Binary logarithm of the bytes that the entry covers.</param>
    /// <param name="table">Where the entry stands: only a large page table can say that there are no small pages.</param>
    internal DecodedEntry Decode(int shift, PageTableSize table)
    {
        if (IsValid)
        {
            return new DecodedEntry(PageTableEntryKind.Page, (byte)shift, Aperture, Rights, Attributes, Address, RawBits: Bits);
        }

        PageTableEntryKind kind = PcfField.Get(Bits) switch
        {
            SparseCode => PageTableEntryKind.Sparse,
            NoSmallPagesCode when table == PageTableSize.Large => PageTableEntryKind.NoSmallPages,
            _ => PageTableEntryKind.Invalid,
        };
        return new DecodedEntry(kind, (byte)shift);
    }

    private static void RejectAddress(ulong address) => throw new ArgumentOutOfRangeException(
        nameof(address), $"0x{address:x}", "A page needs a multiple of 4096 that fits 52 bits.");
}
