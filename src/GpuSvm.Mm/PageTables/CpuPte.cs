namespace GpuSvm.Mm;

/// <summary>An entry of the CPU's page table: the 8 bytes that the simulated CPU itself reads.</summary>
/// <remarks>
/// <code>
///   63      52 51                        12 11  9   8    7  6 5 4   2  1   0
///  +----------+----------------------------+-----+------+---+-+-+-----+---+---+
///  |    0     | page frame number          |  0  | none | 0 |D|A|  0  | W | P |
///  +----------+----------------------------+-----+------+---+-+-+-----+---+---+
/// </code>
/// <para>
/// All zero: nothing there yet. P: the CPU may read; W: it may write; A and D: it has read or written, set by the CPU's walker. With P
/// clear and <c>none</c> set the page is there but its mapping allows nothing. Bits 11:9, the kind, tell entries that are not present:
/// </para>
/// <code>
///   63      52 51                        12 11  9   8    7  6 5 4 3  2   1   0
///  +----------+----------------------------+-----+------+---+-+-+---+---+---+---+
///  |    0     | page frame number          | kind|  0   | 0 |D|A| 0 | R | W | 0 |
///  +----------+----------------------------+-----+------+---+-+-+---+---+---+---+
/// </code>
/// <para>
/// Kind 1, a migration entry: the page of that frame is being moved, and comes back with these rights and marks. Kind 2: the page lives
/// in the frame of a device that the CPU cannot reach. Kind 3: a device uses the page alone, in the system's memory, until the CPU
/// touches it. Kind 4: the page's bytes are lost. Bit 7 marks the word of a huge page, in all kinds; it names the first frame. With bit 3
/// set as well it stands for 512 pages that are all that one frame: the zero page.
/// Source: Linux include/linux/swapops.h (SWP_MIGRATION_*, SWP_DEVICE_*, SWP_DEVICE_EXCLUSIVE, SWP_HWPOISON).
/// </para>
/// <para>Source: Intel SDM volume 3, 4.5.4 (4-level paging); Linux arch/x86/include/asm/pgtable_types.h (_PAGE_PROTNONE is bit 8).</para>
/// </remarks>
/// <param name="Bits">The word.</param>
public readonly record struct CpuPte(ulong Bits)
{
    private const ulong PresentBit = 1UL << 0;
    private const ulong WriteBit = 1UL << 1;
    private const ulong AccessedBit = 1UL << 5;
    private const ulong DirtyBit = 1UL << 6;
    private const ulong HugeBit = 1UL << 7;
    private const ulong ProtNoneBit = 1UL << 8;

    // Of huge pages.
    private const ulong RepeatBit = 1UL << 3;

    // Of entries that are not present.
    private const ulong ReadBehindBit = 1UL << 2;
    private const ulong KindBits = 7UL << 9;
    private const ulong MigrationKind = 1UL << 9;
    private const ulong DevicePrivateKind = 2UL << 9;
    private const ulong ExclusiveKind = 3UL << 9;
    private const ulong PoisonedKind = 4UL << 9;

    private static BitField FrameField => new(51, 12);

    /// <summary>True if nothing is there: neither a page nor a mark of where it went.</summary>
    public bool IsNone => Bits == 0;

    /// <summary>True if the CPU may read the page.</summary>
    public bool IsPresent => (Bits & PresentBit) != 0;

    /// <summary>True if the CPU may write the page.</summary>
    public bool IsWritable => (Bits & (PresentBit | WriteBit)) == (PresentBit | WriteBit);

    /// <summary>True if the page is there but its mapping allows no access.</summary>
    public bool IsProtNone => (Bits & (PresentBit | ProtNoneBit)) == ProtNoneBit;

    /// <summary>True if the entry holds a frame: it is present or without rights.</summary>
    public bool HasFrame => (Bits & (PresentBit | ProtNoneBit)) != 0;

    /// <summary>True if the page is being moved: whoever wants it waits until its migration has ended.</summary>
    public bool IsMigration => (Bits & (PresentBit | KindBits)) == MigrationKind;

    /// <summary>True if the page lives in memory of a device that the CPU cannot reach; a touch brings it home.</summary>
    public bool IsDevicePrivate => (Bits & (PresentBit | KindBits)) == DevicePrivateKind;

    /// <summary>True if a device has the page, which lies in the system's memory, for itself; a touch of the CPU ends that.</summary>
    public bool IsDeviceExclusive => (Bits & (PresentBit | KindBits)) == ExclusiveKind;

    /// <summary>True if the bytes of the page are lost: every touch fails.</summary>
    public bool IsPoisoned => (Bits & (PresentBit | KindBits)) == PoisonedKind;

    /// <summary>True if the entry maps a frame, which counts it: one that the CPU can reach, or that of a device.</summary>
    public bool Maps => HasFrame || IsDevicePrivate || IsDeviceExclusive;

    /// <summary>True if the entry names a frame: it maps it, or the frame's page is being moved.</summary>
    public bool NamesFrame => Maps || IsMigration;

    /// <summary>True if the CPU has read or written the page through this entry.</summary>
    public bool IsAccessed => (Bits & AccessedBit) != 0;

    /// <summary>True if the CPU has written the page through this entry.</summary>
    public bool IsDirty => (Bits & DirtyBit) != 0;

    /// <summary>True if the CPU maps the page as a part of 2 MiB that one entry stands for.</summary>
    public bool IsHuge => (Bits & HugeBit) != 0;

    /// <summary>The frame; only where <see cref="NamesFrame"/>; of a migration entry the frame that is left.</summary>
    public FrameNumber Frame => new(FrameField.Get(Bits));

    /// <summary>An entry that maps a frame; <see cref="Protection.None"/> keeps the frame without any right.</summary>
    public static CpuPte Map(FrameNumber frame, Protection protection) => new CpuPte(FrameField.Put(frame.Value)).WithRights(protection);

    /// <summary>The entry of a page that lives in a device's private memory.</summary>
    /// <param name="frame">The device's frame.</param>
    /// <param name="protection">What the CPU may do once the page is home.</param>
    public static CpuPte DevicePrivate(FrameNumber frame, Protection protection) =>
        new CpuPte(FrameField.Put(frame.Value) | DevicePrivateKind).WithRights(protection);

    /// <summary>The entry of a page that a device uses alone.</summary>
    /// <param name="frame">Its frame, of the system's memory.</param>
    /// <param name="protection">What the CPU may do once it has the page back.</param>
    public static CpuPte DeviceExclusive(FrameNumber frame, Protection protection) =>
        new CpuPte(FrameField.Put(frame.Value) | ExclusiveKind).WithRights(protection);

    /// <summary>The entry of a page whose bytes are lost.</summary>
    public static CpuPte Poisoned => new(PoisonedKind);

    /// <summary>The entry of a huge page, made from one of its first frame.</summary>
    public CpuPte AsHuge() => new(Bits | HugeBit);

    /// <summary>The entry of a page of its own, made from one that is part of a huge page.</summary>
    public CpuPte AsSmall() => new(Bits & ~(HugeBit | RepeatBit));

    /// <summary>The entry of 512 pages that are all the one frame.</summary>
    internal CpuPte Repeated() => new(Bits | HugeBit | RepeatBit);

    /// <summary>What the entry of a huge page says of one of its pages.</summary>
    /// <param name="index">0 to 511.</param>
    internal CpuPte PageAt(int index) => IsRepeated ? this : new CpuPte(Bits | FrameField.Put((ulong)index));

    /// <summary>True if all pages of the huge page are one frame.</summary>
    internal bool IsRepeated => (Bits & RepeatBit) != 0;

    /// <summary>The entry with its rights replaced; what else it says stays.</summary>
    public CpuPte WithRights(Protection protection)
    {
        ulong rest = Bits & ~(PresentBit | WriteBit | ProtNoneBit | ReadBehindBit);
        return new CpuPte(rest | (IsAway ? BitsBehind(protection) : protection switch
        {
            Protection.None => ProtNoneBit,
            Protection.Read => PresentBit,
            _ => PresentBit | WriteBit,
        }));
    }

    /// <summary>The migration entry of a page, in place of its entry.</summary>
    public CpuPte ToMigration() => WithKind(MigrationKind);

    /// <summary>The entry of a page that a device has for itself, in place of its entry.</summary>
    public CpuPte ToDeviceExclusive() => WithKind(ExclusiveKind);

    /// <summary>The entry of a page that the CPU can reach and that was moved, or lent to a device, in place of that entry.</summary>
    public CpuPte FromMigration(FrameNumber frame) => new CpuPte(FrameField.Put(frame.Value) | Marks).WithRights(KeptRights);

    /// <summary>The entry of a page that was moved to a device's private memory, in place of its migration entry.</summary>
    public CpuPte FromMigrationToDevice(FrameNumber frame) =>
        new(FrameField.Put(frame.Value) | Marks | DevicePrivateKind | (Bits & (ReadBehindBit | WriteBit)));

    /// <summary>The entry as the CPU's walker leaves it behind an access.</summary>
    public CpuPte Touched(CpuAccess access) => new(Bits | AccessedBit | (access == CpuAccess.Write ? DirtyBit : 0));

    /// <summary>The entry without the mark that the CPU has written the page.</summary>
    public CpuPte Cleaned() => new(Bits & ~DirtyBit);

    /// <summary>True if the CPU may do this.</summary>
    public bool Allows(CpuAccess access) => access == CpuAccess.Write ? IsWritable : IsPresent;

    /// <summary>What the CPU may do: nothing, read, or read and write.</summary>
    public Protection Rights => IsWritable ? Protection.ReadWrite : IsPresent ? Protection.Read : Protection.None;

    /// <summary>As <see cref="Rights"/>; of an entry that is not present those that the page comes back with.</summary>
    public Protection KeptRights =>
        !IsAway ? Rights :
        (Bits & WriteBit) != 0 ? Protection.ReadWrite :
        (Bits & ReadBehindBit) != 0 ? Protection.Read : Protection.None;

    private ulong Marks => Bits & (AccessedBit | DirtyBit | HugeBit);

    private CpuPte WithKind(ulong kind) => IsAway
        ? new CpuPte((Bits & ~KindBits) | kind)
        : new CpuPte((Bits & ~(PresentBit | ProtNoneBit | KindBits)) | kind).WithRights(KeptRights);

    private bool IsAway => (Bits & PresentBit) == 0 && (Bits & KindBits) != 0;

    private static ulong BitsBehind(Protection protection) => protection switch
    {
        Protection.None => 0,
        Protection.Read => ReadBehindBit,
        _ => ReadBehindBit | WriteBit,
    };
}
