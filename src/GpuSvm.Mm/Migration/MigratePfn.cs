using System.Globalization;

namespace GpuSvm.Mm;

/// <summary>One page of a <see cref="MigrateVma"/>: its frame, and whether it moves.</summary>
/// <remarks>
/// <code>
///   63                                           6 5  4   3  2  1   0
///  +-----------------------------------------------+-+---+---+-+---+---+
///  | page frame number                             |0| C | W |0| M | V |
///  +-----------------------------------------------+-+---+---+-+---+---+
/// </code>
/// <para>
/// V: the frame counts. M: the page moves. W: the CPU may write the page. C: a huge page, of which this is the first frame. M without V:
/// nothing is there yet, or the zero page; the destination is a frame that reads as zero. Source: Linux 7.0 include/linux/migrate.h,
/// MIGRATE_PFN_*.
/// </para>
/// </remarks>
/// <param name="Bits">The word; 0 for a page that stays where it is, or has no frame at all.</param>
public readonly record struct MigratePfn(ulong Bits)
{
    private const ulong ValidBit = 1UL << 0;
    private const ulong MigrateBit = 1UL << 1;
    private const ulong WriteBit = 1UL << 3;
    private const ulong CompoundBit = 1UL << 4;

    private static BitField FrameField => new(63, 6);

    /// <summary>True if the frame number counts.</summary>
    public bool IsValid => (Bits & ValidBit) != 0;

    /// <summary>True if the page moves: cleared when it drops out.</summary>
    public bool Migrates => (Bits & MigrateBit) != 0;

    /// <summary>True if the CPU may write the page.</summary>
    public bool IsWritable => (Bits & WriteBit) != 0;

    /// <summary>True if the frame is the first of a huge page that moves as one; the 511 words behind are 0.</summary>
    public bool IsCompound => (Bits & CompoundBit) != 0;

    /// <summary>The frame; only where <see cref="IsValid"/>.</summary>
    public FrameNumber Frame => new(FrameField.Get(Bits));

    /// <summary>Number of pages that the word stands for.</summary>
    internal int PageCount => IsCompound ? HugePage.PageCount : 1;

    /// <summary>A frame to move a page to.</summary>
    public static MigratePfn Of(FrameNumber frame) => new(FrameField.Put(frame.Value) | ValidBit);

    /// <summary>A huge page to move one to.</summary>
    /// <param name="head">Its first frame.</param>
    public static MigratePfn OfHuge(FrameNumber head) => new(Of(head).Bits | CompoundBit);

    /// <summary>A page that moves.</summary>
    internal static MigratePfn From(CpuPte pte) =>
        new(Of(pte.Frame).Bits | MigrateBit | (pte.KeptRights == Protection.ReadWrite ? WriteBit : 0));

    /// <summary>A page of which nothing is there yet: it moves to a frame that reads as zero.</summary>
    internal static MigratePfn Hole => new(MigrateBit);

    /// <summary>The same page, which moves; whether the CPU may write it is not known.</summary>
    internal MigratePfn Moving() => new(Bits | MigrateBit);

    /// <summary>The same as a huge page; of what is not there yet, a block of nothing.</summary>
    internal MigratePfn AsCompound() => new(Bits | CompoundBit);

    /// <summary>One of the pages of a huge page.</summary>
    internal MigratePfn PageAt(int index) =>
        new((Bits & ~CompoundBit) + (IsValid ? FrameField.Put((ulong)index) : 0));

    /// <summary>The same page, which stays.</summary>
    internal MigratePfn Staying() => new(Bits & ~MigrateBit);

    /// <summary>The word in hexadecimal with prefix.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"migrate:0x{Bits:x}");
}
